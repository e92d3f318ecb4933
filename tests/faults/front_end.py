"""What stands before DynamoDB: it looks at tokens and dates, which DynamoDB Local does not."""

import re
import time
from calendar import timegm
from collections.abc import Callable

from tests.faults import refusals
from tests.faults.kinds import Fault
from tests.faults.messages import Answer, Request

_SMALLEST_MOVE = 2 * refusals.SIGNATURE_SECONDS
_LARGEST_MOVE = 4 * 3600


class FrontEnd:
    """Refuses session tokens that have expired, and signatures whose date is far from its clock.

    Attributes:
        clock_offset: Seconds that its clock is ahead of this machine's.
        on_expired: Called with a token's text when it expires, before anyone is refused:
            the place to put new credentials where the sidecar looks for them.
    """

    def __init__(self, on_expired: Callable[[str], None] | None = None) -> None:
        self.clock_offset = 0.0
        self.on_expired = on_expired
        self._expired: set[str] = set()

    def refuse(self, request: Request) -> tuple[Fault, Answer] | None:
        """Return why a request is refused, and the answer that says so."""
        if _token(request) in self._expired:
            return Fault.EXPIRED, refusals.token_expired()
        if abs(_signed_at(request) - self._now()) > refusals.SIGNATURE_SECONDS:
            return Fault.SKEWED, self._skewed(request)
        return None

    def expire(self, request: Request) -> Answer:
        """Let the token of a request expire, for good, and return the refusal.

        A request without a token is refused once: nothing could make that right.
        """
        token = _token(request)
        if token:
            if self.on_expired:
                self.on_expired(token)
            self._expired.add(token)
        return refusals.token_expired()

    def move_clock(self, request: Request, part: float) -> Answer:
        """Set the clock to another time, so that a request's date is wrong; return the refusal.

        Args:
            request: What is refused; its date was right until now.
            part: From 0 up to 1: how far the clock moves.
        """
        seconds = _SMALLEST_MOVE + part * (_LARGEST_MOVE - _SMALLEST_MOVE)
        # Back and forth, so that it stays within hours of the real time.
        self.clock_offset += seconds if self.clock_offset <= 0 else -seconds
        return self._skewed(request)

    def _skewed(self, request: Request) -> Answer:
        return refusals.clock_skewed(request.headers["x-amz-date"], self._now())

    def _now(self) -> float:
        return time.time() + self.clock_offset


def _token(request: Request) -> str:
    return request.headers.get("x-amz-security-token", "")


def _signed_at(request: Request) -> float:
    """Return a signature's date in epoch seconds; now where there is none."""
    stamp = request.headers.get("x-amz-date", "")
    if not re.fullmatch(r"\d{8}T\d{6}Z", stamp):
        return time.time()
    return timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
