"""Decides whether a failed call is tried again, and when. No I/O, no clock of its own."""

from enum import Enum

from pannier.errors import PannierError, Throttled, Unavailable, WriteOutcome
from pannier.retries import RetryPolicy


class Safety(Enum):
    """What a second attempt at a call could do."""

    READ = "reads"
    """It changes nothing that anyone sees."""

    REPEATABLE_WRITE = "repeatable write"
    """The sidecar recognises it, or it does no harm: a request id or an etag is there."""

    SINGLE_WRITE = "single write"
    """It could undo what someone else wrote since: only if the first was not applied."""


class Attempts:
    """The attempts at one call: how many there were and what they may have done."""

    __slots__ = ("_counted", "_deadline", "_failed", "_maybe_applied", "_policy", "_safety")

    def __init__(self, policy: RetryPolicy, safety: Safety, deadline: float) -> None:
        """Start before the first attempt; ``deadline`` is on the caller's clock, in seconds."""
        self._policy = policy
        self._safety = safety
        self._deadline = deadline
        self._failed = 0
        self._counted = 0
        self._maybe_applied = False

    def after_failure(self, error: PannierError, now: float, *, sent: bool = True) -> float | None:
        """Return the pause in seconds before the next attempt, or None for no more.

        The error's ``write_outcome`` becomes that of all attempts so far, as `merge` says.

        Args:
            error: What the attempt failed with.
            now: The time on the caller's clock, in seconds.
            sent: False where it was certainly not sent, so not applied. A write waits for
                the connection, so that is no attempt as the policy means it.
        """
        self._failed += 1
        if not sent:
            error.write_outcome = WriteOutcome.NOT_APPLIED
        counts = sent or self._safety is Safety.READ
        self._counted += counts
        repeatable = self._may_repeat(error.write_outcome)
        self.merge(error)
        if not repeatable or (counts and self._counted == self._policy.max_attempts):
            return None
        pause = self._pause(error)
        return None if pause is None or now + pause >= self._deadline else pause

    def merge(self, error: PannierError) -> PannierError:
        """Return the error with the ``write_outcome`` of all attempts so far.

        Once one of them may have been applied, a later refusal does not prove that none
        was. An error that does not say leaves it unknown. A read has no outcome.
        """
        if self._safety is Safety.READ:
            error.write_outcome = None
            return error
        self._maybe_applied |= error.write_outcome is not WriteOutcome.NOT_APPLIED
        error.write_outcome = (
            WriteOutcome.UNKNOWN if self._maybe_applied else WriteOutcome.NOT_APPLIED
        )
        return error

    def _may_repeat(self, outcome: WriteOutcome | None) -> bool:
        return self._safety is not Safety.SINGLE_WRITE or outcome is WriteOutcome.NOT_APPLIED

    def _pause(self, error: PannierError) -> float | None:
        """Return how long to wait after an error that may pass, or None for any other."""
        backoff = self._policy.backoff(self._failed)
        if isinstance(error, Unavailable):
            return backoff
        if isinstance(error, Throttled) and error.retry_delay is not None:
            # The jitter keeps those who were refused together from coming back together.
            return error.retry_delay + backoff
        return None
