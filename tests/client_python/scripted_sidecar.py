"""A sidecar that answers each call with the next step of a script, over a real socket."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from pannier.v1 import storage_pb2 as pb
from pannier.v1 import storage_pb2_grpc

Step = Callable[[Any, grpc.ServicerContext], Any]


@dataclass(frozen=True, slots=True)
class Received:
    """A call as the sidecar got it."""

    method: str
    request: Any
    seconds_left: float
    metadata: dict[str, str | bytes]


class ScriptedSidecar:
    """Answers with the steps that it was given, in order, and keeps what it was asked."""

    def __init__(self, socket: Path, credentials: grpc.ServerCredentials | None = None) -> None:
        self.address = f"unix:{socket}"
        self.received: list[Received] = []
        self._steps: deque[Step] = deque()
        self._credentials = credentials
        self._server = self._start()

    def will(self, *steps: Step) -> None:
        self._steps.extend(steps)

    def requests(self, method: str) -> list[Any]:
        return [call.request for call in self.received if call.method == method]

    def stop(self) -> None:
        self._server.stop(None).wait()

    def start_again(self) -> None:
        self._server = self._start()

    def _start(self) -> grpc.Server:
        server = grpc.server(ThreadPoolExecutor(8))
        storage_pb2_grpc.add_StorageBackendServicer_to_server(_Servicer(self._play), server)  # type: ignore[no-untyped-call]
        if self._credentials is None:
            server.add_insecure_port(self.address)
        else:
            server.add_secure_port(self.address, self._credentials)
        server.start()
        return server

    def _play(self, method: str, request: Any, context: grpc.ServicerContext) -> Any:
        metadata = {str(key): value for key, value in context.invocation_metadata()}
        self.received.append(Received(method, request, context.time_remaining(), metadata))
        if not self._steps:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the script has no step for {method}")
        return self._steps.popleft()(request, context)


class _Servicer(storage_pb2_grpc.StorageBackendServicer):
    def __init__(self, play: Callable[[str, Any, grpc.ServicerContext], Any]) -> None:
        self._play = play

    def Get(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._play("Get", request, context)

    def Put(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._play("Put", request, context)

    def PutIfVersion(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._play("PutIfVersion", request, context)

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._play("Delete", request, context)

    def ListByPrefix(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        # The script reads the request while it is as it was sent, page by page.
        yield from self._play("ListByPrefix", request, context)

    def CleanupExpired(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._play("CleanupExpired", request, context)


def answer(message: Message) -> Step:
    """Answer with a message."""
    return lambda request, context: message


def fail(
    code: grpc.StatusCode,
    text: str = "something is wrong",
    *,
    reason: str = "",
    outcome: str = "",
    details: Iterable[Message] = (),
) -> Step:
    """Fail as the service does, or, without a reason, as gRPC itself does."""

    def step(request: Any, context: grpc.ServicerContext) -> Any:
        if reason:
            encoded = status_details(reason, outcome=outcome, details=details)
            context.set_trailing_metadata((("grpc-status-details-bin", encoded),))
        context.abort(code, text)

    return step


def unavailable() -> Step:
    """Fail as a broken connection does."""
    return fail(grpc.StatusCode.UNAVAILABLE, "Socket closed")


def conflict(*, actual_version: int = 9, outcome: str = "not_applied") -> Step:
    """Fail with a version conflict."""
    facts = pb.VersionConflict(expected_version=1, actual_version=actual_version, actual_etag="e9")
    return fail(
        grpc.StatusCode.ABORTED, reason="VERSION_CONFLICT", outcome=outcome, details=[facts]
    )


def retry_after(seconds: float) -> RetryInfo:
    """Return the detail that asks for another attempt after a delay."""
    delay = Duration()
    delay.FromNanoseconds(round(seconds * 1e9))
    return RetryInfo(retry_delay=delay)


def hang(request: Any, context: grpc.ServicerContext) -> Any:
    """Answer nothing until the caller has gone."""
    gone = threading.Event()
    if context.add_callback(gone.set):
        gone.wait()
    return iter(())


def when_received(sidecar: ScriptedSidecar, step: Step = hang) -> threading.Event:
    """Add a step, and tell when its call has come."""
    came = threading.Event()

    def tell(request: Any, context: grpc.ServicerContext) -> Any:
        came.set()
        return step(request, context)

    sidecar.will(tell)
    return came


def pages(*messages: pb.ListByPrefixResponse, then: Step | None = None) -> Step:
    """Stream pages, and then end or do another step."""

    def step(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        yield from messages
        if then is not None:
            then(request, context)

    return step


def page(*names: str, token: str = "", unreadable: Iterable[str] = ()) -> pb.ListByPrefixResponse:
    """Return a page of an owner's records by their names."""
    return pb.ListByPrefixResponse(
        records=[record(name) for name in names],
        next_page_token=token,
        unreadable=[pb.UnreadableRecord(key=f"o:{name}", problem="odd") for name in unreadable],
    )


def record(name: str = "n", data: bytes = b"data", version: int = 1) -> pb.Record:
    """Return a record that never expires."""
    return pb.Record(key=f"o:{name}", data=data, version=version, etag=f"e{version}")


def found(data: bytes = b"data", version: int = 1) -> Step:
    """Answer a Get."""
    return answer(pb.GetResponse(record=record("n", data, version)))


def written(version: int = 2) -> Step:
    """Answer a Put."""
    return answer(pb.PutResponse(version=version, etag=f"e{version}"))


def status_details(
    reason: str, *, domain: str = "pannier", outcome: str = "", details: Iterable[Message] = ()
) -> bytes:
    """Return an encoded google.rpc.Status."""
    info = ErrorInfo(reason=reason, domain=domain)
    if outcome:
        info.metadata["write_outcome"] = outcome
    status = Status()
    for detail in (info, *details):
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    return bytes(status.SerializeToString())
