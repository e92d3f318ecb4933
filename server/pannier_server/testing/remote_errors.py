"""gRPC statuses as the errors that they were before they went over the wire."""

from typing import TypeVar

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from pannier.v1 import storage_pb2 as pb
from pannier_server.backends import errors
from pannier_server.backends.errors import StorageError, WriteOutcome

Detail = TypeVar("Detail", bound=Message)

_BY_REASON: dict[str, type[StorageError]] = {
    "RECORD_NOT_FOUND": errors.RecordNotFound,
    "RECORD_EXISTS": errors.RecordExists,
    "RECORD_CORRUPT": errors.RecordCorrupt,
    "REQUEST_ID_REUSED": errors.RequestIdReused,
    "STORE_UNAVAILABLE": errors.StoreUnavailable,
    "DRAINING": errors.StoreUnavailable,
    "DEADLINE_EXCEEDED": errors.DeadlineExceeded,
    "TABLE_MISSING": errors.TableMissing,
    "TABLE_MISCONFIGURED": errors.TableMisconfigured,
    "ACCESS_DENIED": errors.AccessDenied,
    "CREDENTIALS_MISSING": errors.CredentialsMissing,
    "KEY_SERVICE": errors.KeyServiceFailed,
}

# Statuses that gRPC itself makes, without any details.
_BY_CODE: dict[grpc.StatusCode, type[StorageError]] = {
    grpc.StatusCode.DEADLINE_EXCEEDED: errors.DeadlineExceeded,
    grpc.StatusCode.UNAVAILABLE: errors.StoreUnavailable,
}


def to_storage_error(failure: grpc.aio.AioRpcError) -> StorageError:
    """Return the error that a failed call stands for.

    A write without ``write_outcome`` in its status is of unknown outcome, as for any
    client. A reason that no backend raises becomes a plain `StorageError` that names it.
    """
    details = _details(failure)
    info = _find(details, ErrorInfo) or ErrorInfo()
    message = failure.details() or ""
    outcome = WriteOutcome(info.metadata.get("write_outcome", WriteOutcome.UNKNOWN.value))
    if special := _with_facts(info.reason, details, message, outcome):
        return special
    kind = _BY_REASON.get(info.reason) or _BY_CODE.get(failure.code())
    if kind is None:
        return StorageError(
            f"{failure.code().name} {info.reason}: {message}", write_outcome=outcome
        )
    return kind(message, write_outcome=outcome)


def _with_facts(
    reason: str, details: list[Any], message: str, outcome: WriteOutcome
) -> StorageError | None:
    """Return an error that carries facts; None for one that does not."""
    if reason == "VERSION_CONFLICT":
        conflict = _require(details, pb.VersionConflict)
        return errors.VersionMismatch(
            expected_version=conflict.expected_version,
            actual_version=conflict.actual_version,
            actual_etag=conflict.actual_etag,
            write_outcome=outcome,
        )
    if reason == "DATA_TOO_LARGE":
        sizes = _require(details, pb.DataTooLarge)
        return errors.DataTooLarge(actual_bytes=sizes.actual_bytes, limit_bytes=sizes.limit_bytes)
    if reason == "THROTTLED":
        delay = _require(details, RetryInfo).retry_delay
        return errors.Throttled(
            message, retry_delay=delay.ToNanoseconds() / 1e9, write_outcome=outcome
        )
    return None


def _details(failure: grpc.aio.AioRpcError) -> list[Any]:
    for key, value in failure.trailing_metadata() or ():
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            return list(Status.FromString(value).details)
    return []


def _find(details: list[Any], kind: type[Detail]) -> Detail | None:
    for packed in details:
        detail = kind()
        if packed.Unpack(detail):
            return detail
    return None


def _require(details: list[Any], kind: type[Detail]) -> Detail:
    detail = _find(details, kind)
    assert detail is not None, f"the status has no {kind.DESCRIPTOR.full_name}"
    return detail
