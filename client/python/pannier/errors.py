"""What can go wrong, as exceptions that carry the facts.

Every one is a `PannierError`. Catch the ones that you can do something about:
`NotFound`, `VersionConflict` and `AlreadyExists` are answers, `Unavailable`,
`DeadlineExceeded` and `Throttled` are trouble that may pass, `StoreMisconfigured` needs
a person. The original gRPC error, where there was one, is the ``__cause__``.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Any, ClassVar, TypedDict, Unpack

from grpc import StatusCode

from pannier.records import Record, Unreadable


class WriteOutcome(Enum):
    """Whether a failed write may have changed the store."""

    NOT_APPLIED = "not_applied"
    UNKNOWN = "unknown"


class CommonFacts(TypedDict, total=False):
    """The keyword arguments that every error takes; see `PannierError`."""

    code: StatusCode
    reason: str
    write_outcome: WriteOutcome | None


class PannierError(Exception):
    """A call that did not succeed.

    Attributes:
        message: What is wrong and often what to do, for people. It holds no key or data.
        code: The gRPC status code.
        reason: The `ErrorReason` of the contract, such as ``"KEY_INVALID"``; empty where
            the sidecar did not send one, as when it cannot be reached.
        write_outcome: For a failed write, whether it may have been applied, over all
            attempts at it; an update that fails at its read has written nothing. None for
            reads.
    """

    default_code: ClassVar[StatusCode] = StatusCode.UNKNOWN

    def __init__(self, message: str, **facts: Unpack[CommonFacts]) -> None:
        """Keep the message and the facts; the code defaults to that of the class."""
        super().__init__(message)
        self.message = message
        self.code = facts.get("code", self.default_code)
        self.reason = facts.get("reason", "")
        self.write_outcome = facts.get("write_outcome")

    def __str__(self) -> str:
        """Return the message, and that a write may have been applied where that is so."""
        if self.write_outcome is WriteOutcome.UNKNOWN:
            return f"{self.message} (the write may have been applied)"
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        """Let errors cross process borders with their facts, whatever their constructor."""
        return _restore, (type(self), self.args, self.__dict__)


def _restore(
    kind: type[PannierError], args: tuple[Any, ...], facts: dict[str, Any]
) -> PannierError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(facts)
    return error


class NotFound(PannierError):
    """No live record has the key: never written, deleted, or expired."""

    default_code = StatusCode.NOT_FOUND


class VersionConflict(PannierError):
    """The record has another version or etag than expected: read it again.

    Attributes:
        expected_version: The version that the call expected; 0 where it gave an etag only.
        actual_version: The version that the store saw in the check that failed; 0 where
            the server did not say.
        actual_etag: The etag that it saw there; empty where the server did not say.
    """

    default_code = StatusCode.ABORTED

    def __init__(
        self,
        message: str,
        *,
        expected_version: int = 0,
        actual_version: int = 0,
        actual_etag: str = "",
        **facts: Unpack[CommonFacts],
    ) -> None:
        """Keep what was expected and what was there."""
        super().__init__(message, **facts)
        self.expected_version = expected_version
        self.actual_version = actual_version
        self.actual_etag = actual_etag


class AlreadyExists(PannierError):
    """A live record has the key that was to be created."""

    default_code = StatusCode.ALREADY_EXISTS


class InvalidArgument(PannierError, ValueError):
    """The sidecar refuses an argument; ``reason`` tells which. Also a `ValueError`."""

    default_code = StatusCode.INVALID_ARGUMENT


class DataTooLarge(InvalidArgument):
    """The data is larger than the server takes.

    Attributes:
        actual_bytes: The size of the data; 0 where the server did not say.
        limit_bytes: The largest size that is accepted; 0 where the server did not say.
    """

    def __init__(
        self,
        message: str,
        *,
        actual_bytes: int = 0,
        limit_bytes: int = 0,
        **facts: Unpack[CommonFacts],
    ) -> None:
        """Keep both sizes."""
        super().__init__(message, **facts)
        self.actual_bytes = actual_bytes
        self.limit_bytes = limit_bytes


class RequestIdReused(InvalidArgument):
    """The request id was used for another write to this key."""


class Unauthenticated(PannierError):
    """The sidecar wants to know who calls, or does not believe it."""

    default_code = StatusCode.UNAUTHENTICATED


class PermissionDenied(PannierError):
    """The caller may not do this, or not to this owner's records."""

    default_code = StatusCode.PERMISSION_DENIED


class Throttled(PannierError):
    """The store asks for fewer requests.

    Attributes:
        retry_delay: Seconds after which the server wants to be asked again; None where it
            wants no retry.
    """

    default_code = StatusCode.RESOURCE_EXHAUSTED

    def __init__(
        self,
        message: str,
        *,
        retry_delay: float | None = None,
        **facts: Unpack[CommonFacts],
    ) -> None:
        """Keep the delay after which another attempt makes sense."""
        super().__init__(message, **facts)
        self.retry_delay = retry_delay


class Overloaded(Throttled):
    """The sidecar itself has more work than it can do in time."""


class StoreMisconfigured(PannierError):
    """The store needs someone's attention; ``reason`` and message say what for."""

    default_code = StatusCode.FAILED_PRECONDITION


class Unavailable(PannierError):
    """The sidecar or its store cannot be reached, or the connection broke."""

    default_code = StatusCode.UNAVAILABLE


class DeadlineExceeded(PannierError):
    """The call's time ran out."""

    default_code = StatusCode.DEADLINE_EXCEEDED


class CorruptRecord(PannierError):
    """The stored row cannot be read as a record; the message says what is wrong."""

    default_code = StatusCode.DATA_LOSS


class InternalError(PannierError):
    """A bug of the sidecar."""

    default_code = StatusCode.INTERNAL


class StoreClosed(PannierError):
    """The store was closed, before the call or while it ran."""

    default_code = StatusCode.CANCELLED


class OutcomeUnknown(PannierError):
    """An update failed and may have been applied all the same.

    Read the record again to find out. The ``__cause__`` is the error of the write; code
    and reason are its own.

    Attributes:
        record: The record that the change started from.
        data: The data that may have been written over it.
    """

    def __init__(
        self, message: str, *, record: Record, data: bytes, **facts: Unpack[CommonFacts]
    ) -> None:
        """Keep what was read and what was to be written."""
        super().__init__(message, **facts)
        self.record = record
        self.data = data


class UnreadableRecords(PannierError):
    """A list met stored rows that are no readable records; all others were yielded.

    Attributes:
        unreadable: Key and problem of each, at most the first 1,000 of them.
        count: How many there were.
    """

    default_code = StatusCode.DATA_LOSS

    def __init__(
        self,
        message: str,
        *,
        unreadable: Sequence[Unreadable],
        count: int,
        **facts: Unpack[CommonFacts],
    ) -> None:
        """Keep which rows they were."""
        super().__init__(message, **facts)
        self.unreadable = tuple(unreadable)
        self.count = count
