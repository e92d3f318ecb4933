"""Everything that can go wrong in a backend, as one small hierarchy.

Backends raise these and nothing else; `pannier_server.service.status` alone turns
them into gRPC statuses. Messages are for people: they say what is wrong and what
to do, and never hold a key, data or a credential.
"""

from enum import Enum


class WriteOutcome(Enum):
    """Whether a failed write may have changed the store."""

    NOT_APPLIED = "not_applied"
    UNKNOWN = "unknown"


class StorageError(Exception):
    """A call that a backend could not answer.

    Attributes:
        message: What is wrong and what to do, for people.
        write_outcome: For a write, whether it may have been applied.
    """

    def __init__(
        self, message: str, *, write_outcome: WriteOutcome = WriteOutcome.NOT_APPLIED
    ) -> None:
        """Keep the message and, for a write, whether it may have been applied."""
        super().__init__(message)
        self.message = message
        self.write_outcome = write_outcome


class RecordNotFound(StorageError):
    """No live record has the key."""


class RecordExists(StorageError):
    """A live record has the key that was to be created."""


class VersionMismatch(StorageError):
    """The live record has another version or etag than the write expected.

    Attributes:
        expected_version: The version that the write expected, 0 for an etag alone.
        actual_version: The version that the store saw in the check that failed.
        actual_etag: The etag that it saw there.
    """

    def __init__(
        self,
        *,
        expected_version: int,
        actual_version: int,
        actual_etag: str,
        write_outcome: WriteOutcome = WriteOutcome.NOT_APPLIED,
    ) -> None:
        """Keep what was expected and what was there."""
        same = actual_version == expected_version or not expected_version
        problem = (
            f"the record at version {actual_version} has another etag: it was written since"
            if same
            else f"the record has version {actual_version}, not {expected_version}"
        )
        super().__init__(f"{problem}; read it again", write_outcome=write_outcome)
        self.expected_version = expected_version
        self.actual_version = actual_version
        self.actual_etag = actual_etag


class RecordCorrupt(StorageError):
    """The stored row cannot be read as a record; the message says what is wrong."""


class DataTooLarge(StorageError):
    """The data is larger than the store takes.

    Attributes:
        actual_bytes: The size of the data.
        limit_bytes: The largest size that is accepted.
    """

    def __init__(self, *, actual_bytes: int, limit_bytes: int) -> None:
        """Keep both sizes."""
        super().__init__(
            f"data has {actual_bytes:,} bytes, the limit is {limit_bytes:,}; "
            "keep large data elsewhere and its address in the record"
        )
        self.actual_bytes = actual_bytes
        self.limit_bytes = limit_bytes


class KeyTooLong(StorageError):
    """The key fits the contract but not this store, whose settings leave less room."""


class RequestIdReused(StorageError):
    """The row was written under this write id by a request with other content."""


class Throttled(StorageError):
    """The store asks for fewer requests.

    Attributes:
        retry_delay: Seconds to wait before another attempt.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_delay: float,
        write_outcome: WriteOutcome = WriteOutcome.NOT_APPLIED,
    ) -> None:
        """Keep the delay after which another attempt makes sense."""
        super().__init__(message, write_outcome=write_outcome)
        self.retry_delay = retry_delay


class Overloaded(Throttled):
    """The sidecar has more calls than the store, or itself, can serve in time.

    Nothing was asked of the store, but by earlier attempts of the same call.
    """


class StoreUnavailable(StorageError):
    """The store cannot be reached, does not answer, or answers with a fault."""


class DeadlineExceeded(StorageError):
    """The call's deadline passed before the store answered."""


class StoreMisconfigured(StorageError):
    """The store needs someone's attention; retrying does not help."""


class TableMissing(StoreMisconfigured):
    """The table does not exist."""


class TableMisconfigured(StoreMisconfigured):
    """The table has other keys than configured, or is otherwise not usable."""


class AccessDenied(StoreMisconfigured):
    """The store refuses the credentials, or they lack a permission."""


class CredentialsMissing(StoreMisconfigured):
    """No credentials for the store were found."""


class KeyServiceFailed(StoreMisconfigured):
    """The store cannot use the key that encrypts the table."""
