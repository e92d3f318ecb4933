"""What a failed attempt means: the error to raise, and what another attempt needs."""

from dataclasses import dataclass
from enum import Enum, auto

from pannier_server.backends.dynamodb.wire.errors import AttemptFailed
from pannier_server.backends.errors import DeadlineExceeded, StorageError, StoreUnavailable


class Cure(Enum):
    """What has to happen before another attempt makes sense."""

    NONE = auto()
    WAIT = auto()
    WAIT_LONGER = auto()
    NEW_CONNECTION = auto()
    NEW_CREDENTIALS = auto()
    RIGHT_CLOCK = auto()


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed attempt.

    Attributes:
        error: What to raise where it was the last attempt.
        cure: What another attempt needs.
        maybe_applied: Whether the request may have done its work.
        connection_died: Whether that says something about other idle connections.
        hot_key: Whether a throttled request met the limit of its key, and not the table's.
        server_date: The date of an answer that finds ours wrong.
    """

    error: StorageError
    cure: Cure = Cure.NONE
    maybe_applied: bool = False
    connection_died: bool = False
    hot_key: bool = False
    server_date: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Whom an error is about.

    Attributes:
        address: DynamoDB's host and port.
        region: Its region.
    """

    address: str
    region: str

    def unavailable(self, problem: str) -> StoreUnavailable:
        """Return the error that names the store."""
        return StoreUnavailable(f"DynamoDB at {self.address}: {problem}")


def attempt_failure(failed: AttemptFailed, place: Place, *, past_deadline: bool) -> Failure:
    """Return what an attempt without an answer means.

    Args:
        failed: What happened.
        place: Where.
        past_deadline: Whether the caller's time is up.
    """
    error: StorageError = place.unavailable(failed.problem)
    if failed.timed_out and past_deadline:
        error = DeadlineExceeded(f"the deadline passed; {error.message}")
        cure = Cure.NONE
    elif failed.hopeless:
        cure = Cure.NONE
    else:
        cure = Cure.NEW_CONNECTION if failed.stale_connection else Cure.WAIT
    died = failed.maybe_applied or failed.reused
    return Failure(error, cure, failed.maybe_applied, connection_died=died)
