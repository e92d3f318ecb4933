"""Frames that bring nothing, against the progress that a connection makes.

A peer may reset, ping and acknowledge as much as it likes as long as its calls come to
something: what it may send without that is bounded, as an answer to floods of control
frames and to rapid resets (CVE-2023-44487, CVE-2019-9512 to 9518).
"""

from pannier_server.transport.h2.http2.errors import ConnectionFault, ErrorCode
from pannier_server.transport.h2.http2.outbox import Outbox
from pannier_server.transport.h2.meters import Meters

# What a frame of data from the peer earns.
DATA_EARNS = 2
# The part of the allowance that comes back each second.
_REFILL = 1 / 4


class Allowance:
    """How many frames that bring nothing a connection may still send."""

    __slots__ = ("_full", "_left", "_meters", "_outbox")

    def __init__(self, full: int, outbox: Outbox, meters: Meters) -> None:
        """Start with the full allowance, a number of frames."""
        self._full = full
        self._left = full
        self._outbox = outbox
        self._meters = meters

    def spend(self, frames: int = 1) -> None:
        """Take frames that bring nothing.

        Raises:
            ConnectionFault: There were too many of them (ENHANCE_YOUR_CALM).
        """
        self.earn(self._outbox.take_progress())
        self._left -= frames
        if self._left < 0:
            self._meters.floods += 1
            raise ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "too many frames that bring nothing")

    def earn(self, frames: int) -> None:
        """Take progress."""
        if self._left < self._full:
            self._left = min(self._full, self._left + frames)

    @property
    def balance(self) -> int:
        """What is left, with what has been earned lately: it falls where a peer brings nothing."""
        return self._left + self._outbox.progress

    def refill(self, seconds: float) -> None:
        """Take the passing of time."""
        self.earn(int(self._full * _REFILL * seconds))
