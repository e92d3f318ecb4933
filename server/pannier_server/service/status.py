"""Errors as gRPC statuses: the one place where an exception gets a code and a reason."""

from dataclasses import dataclass

from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from pannier.v1 import storage_pb2 as pb
from pannier_server.backends import errors
from pannier_server.backends.errors import StorageError, WriteOutcome
from pannier_server.rpc import StatusCode
from pannier_server.service.errors import CallError

ERROR_DOMAIN = "pannier"
WRITE_OUTCOME = "write_outcome"
STATUS_DETAILS = "grpc-status-details-bin"

# gRPC's metadata holds 8 KiB in all, and a message travels twice: as grpc-message and
# inside the details.
_MAX_MESSAGE_CHARACTERS = 500
_MAX_ETAG_CHARACTERS = 256

# A handler that is stopped when its call has less time left than this, in seconds, was
# stopped for that.
_END_OF_TIME = 0.01

_BUG = (StatusCode.INTERNAL, pb.ERROR_REASON_INTERNAL)

_BY_ERROR: dict[type[StorageError], tuple[StatusCode, "pb.ErrorReason"]] = {
    errors.RecordNotFound: (StatusCode.NOT_FOUND, pb.ERROR_REASON_RECORD_NOT_FOUND),
    errors.RecordExists: (StatusCode.ALREADY_EXISTS, pb.ERROR_REASON_RECORD_EXISTS),
    errors.VersionMismatch: (StatusCode.ABORTED, pb.ERROR_REASON_VERSION_CONFLICT),
    errors.RecordCorrupt: (StatusCode.DATA_LOSS, pb.ERROR_REASON_RECORD_CORRUPT),
    errors.DataTooLarge: (StatusCode.INVALID_ARGUMENT, pb.ERROR_REASON_DATA_TOO_LARGE),
    errors.KeyTooLong: (StatusCode.INVALID_ARGUMENT, pb.ERROR_REASON_KEY_INVALID),
    errors.RequestIdReused: (StatusCode.INVALID_ARGUMENT, pb.ERROR_REASON_REQUEST_ID_REUSED),
    errors.Throttled: (StatusCode.RESOURCE_EXHAUSTED, pb.ERROR_REASON_THROTTLED),
    errors.Overloaded: (StatusCode.RESOURCE_EXHAUSTED, pb.ERROR_REASON_OVERLOADED),
    errors.StoreUnavailable: (StatusCode.UNAVAILABLE, pb.ERROR_REASON_STORE_UNAVAILABLE),
    errors.DeadlineExceeded: (
        StatusCode.DEADLINE_EXCEEDED,
        pb.ERROR_REASON_DEADLINE_EXCEEDED,
    ),
    errors.TableMissing: (StatusCode.FAILED_PRECONDITION, pb.ERROR_REASON_TABLE_MISSING),
    errors.TableMisconfigured: (
        StatusCode.FAILED_PRECONDITION,
        pb.ERROR_REASON_TABLE_MISCONFIGURED,
    ),
    errors.AccessDenied: (StatusCode.FAILED_PRECONDITION, pb.ERROR_REASON_ACCESS_DENIED),
    errors.CredentialsMissing: (
        StatusCode.FAILED_PRECONDITION,
        pb.ERROR_REASON_CREDENTIALS_MISSING,
    ),
    errors.KeyServiceFailed: (StatusCode.FAILED_PRECONDITION, pb.ERROR_REASON_KEY_SERVICE),
    errors.StoreMisconfigured: (
        StatusCode.FAILED_PRECONDITION,
        pb.ERROR_REASON_TABLE_MISCONFIGURED,
    ),
}

_BY_REASON: dict["pb.ErrorReason", StatusCode] = {
    pb.ERROR_REASON_UNAUTHENTICATED: StatusCode.UNAUTHENTICATED,
    pb.ERROR_REASON_PERMISSION_DENIED: StatusCode.PERMISSION_DENIED,
    pb.ERROR_REASON_OVERLOADED: StatusCode.RESOURCE_EXHAUSTED,
    pb.ERROR_REASON_DRAINING: StatusCode.UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class CallStatus:
    """How a failed call ends.

    Attributes:
        code: Its gRPC status code.
        message: What is wrong, for people.
        details: The serialized google.rpc.Status for ``grpc-status-details-bin``.
        is_bug: True where the error is one of ours and belongs into the log.
        reason: Why, as ErrorInfo has it.
        write_outcome: Whether a write may have been applied; empty for what writes nothing.
    """

    code: StatusCode
    message: str
    details: bytes
    is_bug: bool
    reason: str
    write_outcome: str


def to_status(error: Exception, *, is_write: bool) -> CallStatus:
    """Return how a call ends that raised ``error``.

    Any error that is neither a `CallError` nor a `StorageError` is a bug: its text
    stays inside, and a write's outcome is unknown.
    """
    code, reason, message = _describe(error)
    sent_reason = _sent_name(reason)
    outcome = _outcome(error).value if is_write else ""
    info = ErrorInfo(reason=sent_reason, domain=ERROR_DOMAIN)
    if outcome:
        info.metadata[WRITE_OUTCOME] = outcome
    status = Status(code=code.number, message=message)
    for detail in (info, *_facts(error)):
        packed = Any()
        packed.Pack(detail)
        status.details.append(packed)
    is_bug = reason == pb.ERROR_REASON_INTERNAL
    return CallStatus(code, message, status.SerializeToString(), is_bug, sent_reason, outcome)


def stopped_code(remaining: float | None) -> StatusCode:
    """Return the code of a call whose handler its transport has stopped.

    Args:
        remaining: The seconds that its deadline left it then; None where it had none.
    """
    # A client gives up at about the same moment, and timers may be early.
    if remaining is not None and remaining < _END_OF_TIME:
        return StatusCode.DEADLINE_EXCEEDED
    return StatusCode.CANCELLED


def stopped_status(remaining: float | None, *, is_write: bool) -> CallStatus:
    """Return how a call ended whose handler its transport has stopped; see `stopped_code`.

    The caller is gone, or has been told so by the transport: nobody gets this status.
    """
    code = stopped_code(remaining)
    if code is StatusCode.DEADLINE_EXCEEDED:
        message = "the deadline passed while it ran"
    else:
        message = "the caller cancelled it or went away"
    outcome = WriteOutcome.UNKNOWN.value if is_write else ""
    return CallStatus(code, message, b"", is_bug=False, reason=code.name, write_outcome=outcome)


def reason_name(error: Exception) -> str:
    """Return the reason of an error as ErrorInfo has it, such as ``VERSION_CONFLICT``."""
    return _sent_name(_describe(error)[1])


def _describe(error: Exception) -> tuple[StatusCode, "pb.ErrorReason", str]:
    if isinstance(error, CallError):
        code = _BY_REASON.get(error.reason, StatusCode.INVALID_ARGUMENT)
        return code, error.reason, error.message[:_MAX_MESSAGE_CHARACTERS]
    if isinstance(error, StorageError):
        known = (_BY_ERROR[kind] for kind in type(error).__mro__ if kind in _BY_ERROR)
        code, reason = next(known, _BUG)
        return code, reason, error.message[:_MAX_MESSAGE_CHARACTERS]
    return *_BUG, "the sidecar failed in an unforeseen way; its log says how"


def _outcome(error: Exception) -> WriteOutcome:
    if isinstance(error, StorageError):
        return error.write_outcome
    return WriteOutcome.NOT_APPLIED if isinstance(error, CallError) else WriteOutcome.UNKNOWN


def _facts(error: Exception) -> list[Message]:
    """Return the typed details that go with an error."""
    if isinstance(error, errors.VersionMismatch):
        etag = error.actual_etag
        return [
            pb.VersionConflict(
                expected_version=error.expected_version,
                actual_version=error.actual_version,
                # A row by others can hold any text as its write id.
                actual_etag=etag if len(etag) <= _MAX_ETAG_CHARACTERS else "",
            )
        ]
    if isinstance(error, errors.DataTooLarge):
        return [pb.DataTooLarge(actual_bytes=error.actual_bytes, limit_bytes=error.limit_bytes)]
    if isinstance(error, errors.Throttled):
        delay = Duration()
        delay.FromNanoseconds(round(error.retry_delay * 1e9))
        return [RetryInfo(retry_delay=delay)]
    return []


def _sent_name(reason: "pb.ErrorReason") -> str:
    return pb.ErrorReason.Name(reason).removeprefix("ERROR_REASON_")
