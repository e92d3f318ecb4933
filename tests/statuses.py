"""What a failed call carries, for tests to compare."""

from dataclasses import dataclass, field

import grpc
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from pannier.v1 import storage_pb2 as pb


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed call's code, reason, outcome and typed details."""

    code: grpc.StatusCode
    message: str
    reason: str
    write_outcome: str | None
    details: list[Message] = field(default_factory=list)


def failure_of(error: grpc.aio.AioRpcError) -> Failure:
    """Return what an error carries, and check what every error must hold."""
    metadata = dict(error.trailing_metadata() or ())
    status = Status.FromString(metadata["grpc-status-details-bin"])
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.domain == "pannier"
    assert status.code == error.code().value[0]
    assert status.message == error.details()
    details: list[Message] = []
    for packed in status.details[1:]:
        for kind in (pb.VersionConflict, pb.DataTooLarge, RetryInfo):
            if packed.Is(kind.DESCRIPTOR):
                detail = kind()
                packed.Unpack(detail)
                details.append(detail)
    outcome = info.metadata.get("write_outcome")
    return Failure(error.code(), status.message, info.reason, outcome, details)
