"""Reads a gRPC error: the status, its details, and which exception says it best.

Details travel in the trailing metadata ``grpc-status-details-bin`` as a google.rpc.Status
(AIP-193). What is missing, malformed or unknown there is left out, never a second error.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import RpcError, StatusCode
from grpc.aio import UsageError

from pannier import errors
from pannier.errors import PannierError, WriteOutcome
from pannier.v1 import storage_pb2 as pb

MessageT = TypeVar("MessageT", bound=Message)

_DETAILS_KEY = "grpc-status-details-bin"
_DOMAIN = "pannier"

_BY_CODE: dict[StatusCode, type[PannierError]] = {
    kind.default_code: kind
    for kind in (
        errors.NotFound,
        errors.VersionConflict,
        errors.AlreadyExists,
        errors.InvalidArgument,
        errors.Unauthenticated,
        errors.PermissionDenied,
        errors.Throttled,
        errors.StoreMisconfigured,
        errors.Unavailable,
        errors.DeadlineExceeded,
        errors.CorruptRecord,
        errors.InternalError,
    )
}

_BY_REASON: dict[str, type[PannierError]] = {
    "DATA_TOO_LARGE": errors.DataTooLarge,
    "REQUEST_ID_REUSED": errors.RequestIdReused,
    "OVERLOADED": errors.Overloaded,
}

# What gRPC's runtimes say where a stream was reset or its connection went away
# (Status codes and their use in gRPC: HTTP/2 error codes become INTERNAL, UNKNOWN, …).
_BROKEN_STREAM = ("rst_stream", "stream removed", "connection reset", "socket closed")

# What gRPC's runtime says of a call for which it could not connect, or find the address.
_NO_CONNECTION = "failed to connect to all addresses; last error: "
_NO_ADDRESS = ("errors resolving ", "DNS resolution failed for ")


@dataclass(slots=True)
class Details:
    """What the details of a status say, as far as they are there."""

    reason: str = ""
    write_outcome: WriteOutcome | None = None
    retry_delay: float | None = None
    conflict: pb.VersionConflict | None = None
    too_large: pb.DataTooLarge | None = None


def read_error(cause: Any, address: str) -> PannierError:
    """Return the exception for a gRPC error (`grpc.RpcError` with code and metadata).

    Args:
        cause: The error of a call, synchronous or asyncio.
        address: Where the sidecar was expected, for the message where it is not there.
    """
    code: StatusCode = cause.code() or StatusCode.UNKNOWN
    text: str = cause.details() or ""
    details = read_details(cause.trailing_metadata() or ())
    kind = _kind(code, text, details)
    message = text if details.reason else _explain(code, text, address)
    error = _build(kind, message, details)
    error.code = code
    error.reason = details.reason
    error.write_outcome = details.write_outcome
    error.__cause__ = cause
    return error


def may_have_been_sent(cause: BaseException, target: str) -> bool:
    """Tell whether a failed call may have left this process.

    It has not where gRPC refused to make it, as on a closed channel, or had no connection
    for it. The code does not tell that, but the text does.

    Args:
        cause: What the call raised.
        target: gRPC's name for where the sidecar is.
    """
    if not isinstance(cause, RpcError):
        return not isinstance(cause, ValueError | UsageError)
    error: Any = cause
    text: str = error.details() or ""
    return error.code() is not StatusCode.UNAVAILABLE or not _is_unconnected(text, target)


def _is_unconnected(text: str, target: str) -> bool:
    """Tell whether a text is gRPC's own word that it had no connection to a target.

    It names the place. A proxy there may say the same of a call of its own, which is no
    proof: that may have been its second attempt.
    """
    if target.startswith("unix:"):
        return text.startswith(_NO_CONNECTION) and f" {unquote(target)}: " in unquote(text)
    name = target.removeprefix("dns:///")
    if text.startswith(tuple(f"{words}{name}: " for words in _NO_ADDRESS)):
        return True
    port = name.rpartition(":")[2]
    return text.startswith(_NO_CONNECTION) and f":{port}: " in text


def read_details(trailing_metadata: Iterable[tuple[str, str | bytes]]) -> Details:
    """Return what the status details in a call's trailing metadata say."""
    details = Details()
    for name, value in trailing_metadata:
        if name == _DETAILS_KEY and isinstance(value, bytes):
            for packed in _unpack(Status(), value).details:
                _read_detail(packed, details)
    return details


def _read_detail(packed: AnyMessage, details: Details) -> None:
    kind = packed.TypeName()
    if kind == ErrorInfo.DESCRIPTOR.full_name:
        info = _unpack(ErrorInfo(), packed.value)
        if info.domain == _DOMAIN:
            details.reason = info.reason
            details.write_outcome = _write_outcome(info.metadata.get("write_outcome"))
    elif kind == RetryInfo.DESCRIPTOR.full_name:
        delay = _unpack(RetryInfo(), packed.value).retry_delay
        details.retry_delay = max(0.0, delay.seconds + delay.nanos / 1e9)
    elif kind == pb.VersionConflict.DESCRIPTOR.full_name:
        details.conflict = _unpack(pb.VersionConflict(), packed.value)
    elif kind == pb.DataTooLarge.DESCRIPTOR.full_name:
        details.too_large = _unpack(pb.DataTooLarge(), packed.value)


def _unpack(message: MessageT, encoded: bytes) -> MessageT:
    try:
        message.ParseFromString(encoded)
    except DecodeError:
        message.Clear()
    return message


def _write_outcome(text: str | None) -> WriteOutcome | None:
    try:
        return WriteOutcome(text)
    except ValueError:
        return None


def _kind(code: StatusCode, text: str, details: Details) -> type[PannierError]:
    if not details.reason and _is_broken_stream(code, text):
        return errors.Unavailable
    by_code = _BY_CODE.get(code, PannierError)
    by_reason = _BY_REASON.get(details.reason, by_code)
    return by_reason if issubclass(by_reason, by_code) else by_code


def _is_broken_stream(code: StatusCode, text: str) -> bool:
    """Tell whether an error that the sidecar did not make means a lost connection.

    The caller's own cancellation never gets here, so CANCELLED is a stream that the other
    side reset (RST_STREAM with CANCEL).
    """
    if code in (StatusCode.UNKNOWN, StatusCode.INTERNAL):
        return any(words in text.lower() for words in _BROKEN_STREAM)
    return code is StatusCode.CANCELLED


def _explain(code: StatusCode, text: str, address: str) -> str:
    """Return a message for an error that is not from the sidecar's service itself."""
    if code is StatusCode.UNAVAILABLE or _is_broken_stream(code, text):
        return f"no answer from the sidecar at {address}; is it running there? ({text})"
    if code is StatusCode.DEADLINE_EXCEEDED:
        return f"no answer from the sidecar at {address} in time; is it running there?"
    if code is StatusCode.UNIMPLEMENTED:
        return f"what answers at {address} is no Pannier sidecar, or of another version"
    return text or f"the call failed with {code.name}"


def _build(kind: type[PannierError], message: str, details: Details) -> PannierError:
    if issubclass(kind, errors.VersionConflict):
        conflict = details.conflict or pb.VersionConflict()
        return kind(
            message,
            expected_version=conflict.expected_version,
            actual_version=conflict.actual_version,
            actual_etag=conflict.actual_etag,
        )
    if issubclass(kind, errors.DataTooLarge):
        sizes = details.too_large or pb.DataTooLarge()
        return kind(message, actual_bytes=sizes.actual_bytes, limit_bytes=sizes.limit_bytes)
    if issubclass(kind, errors.Throttled):
        return kind(message, retry_delay=details.retry_delay)
    return kind(message)
