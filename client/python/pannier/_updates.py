"""Decides what becomes of an update whose write failed. No I/O."""

from pannier.errors import OutcomeUnknown, PannierError, VersionConflict, WriteOutcome
from pannier.records import Record
from pannier.retries import RetryPolicy

# A conflict is over as soon as someone else's write is, so pauses start small. They stay
# small, because those who pause long lose to newcomers who do not, until their time is over.
_CONFLICT_BACKOFF = RetryPolicy(initial_backoff=0.01, max_backoff=0.2)


class Update:
    """One read-change-write over as many conflicts as it takes, until a deadline."""

    __slots__ = ("_conflicts", "_deadline")

    def __init__(self, deadline: float) -> None:
        """Start before the first read; ``deadline`` is on the caller's clock, in seconds."""
        self._deadline = deadline
        self._conflicts = 0

    def after_conflict(self, error: PannierError, now: float) -> float | None:
        """Return the pause in seconds before reading again, or None where it must end.

        Only a conflict that proves that nothing was written may be followed by another
        change: the change must never be applied twice.
        """
        lost_race = isinstance(error, VersionConflict)
        if not lost_race or error.write_outcome is not WriteOutcome.NOT_APPLIED:
            return None
        self._conflicts += 1
        pause = _CONFLICT_BACKOFF.backoff(self._conflicts)
        return None if now + pause >= self._deadline else pause


def verdict(error: PannierError, record: Record, data: bytes) -> PannierError:
    """Return what an update raises for the error of its write."""
    if error.write_outcome is not WriteOutcome.UNKNOWN:
        return error
    return OutcomeUnknown(
        f"{error.message}; read the record again to find out",
        record=record,
        data=data,
        code=error.code,
        reason=error.reason,
        write_outcome=WriteOutcome.UNKNOWN,
    )
