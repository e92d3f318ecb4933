"""A sidecar that passes calls on to the real one, unless a script says otherwise."""

import asyncio
import base64
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Never

import grpc
import grpc.aio
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from pannier.v1 import storage_pb2 as pb

Answer = Mapping[str, Any]
Context = Any  # grpc.aio.ServicerContext, whose type parameters differ between stubs

_SERVICE = "pannier.v1.StorageBackend"
_REQUESTS: Mapping[str, type[Message]] = {
    "Get": pb.GetRequest,
    "Put": pb.PutRequest,
    "PutIfVersion": pb.PutIfVersionRequest,
    "Delete": pb.DeleteRequest,
    "ListByPrefix": pb.ListByPrefixRequest,
    "CleanupExpired": pb.CleanupExpiredRequest,
}
_DETAILS = "grpc-status-details-bin"
_PASS: Answer = {"pass": True}
# A caller without a deadline has one of some centuries.
_NO_DEADLINE_SECONDS = 10 * 365 * 86_400


@dataclass
class Seen:
    """What was asked of a scripted sidecar.

    Attributes:
        methods: The calls' methods, in their order.
        request_ids: The different ones.
        expire_times: The different ones, in seconds since 1970.
        authorization: That of the last call.
        timeouts: Whole seconds that each call had left; None for no deadline.
    """

    methods: list[str] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)
    expire_times: list[int] = field(default_factory=list)
    authorization: str = ""
    timeouts: list[int | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make what tells of calls."""
        self._more = asyncio.Event()

    def as_json(self) -> dict[str, Any]:
        """Return all of it."""
        return asdict(self)

    async def wait_for(self, calls: int) -> None:
        """Return once so many calls have come."""
        while len(self.methods) < calls:
            self._more.clear()
            await self._more.wait()

    def note(self, method: str, request: Any, context: Context) -> None:
        """Keep what a call says."""
        self.methods.append(method)
        self._more.set()
        metadata = dict(context.invocation_metadata() or ())
        self.authorization = str(metadata.get("authorization", ""))
        left = context.time_remaining()
        known = left is not None and left < _NO_DEADLINE_SECONDS
        self.timeouts.append(int(left) if known else None)
        request_id = getattr(request, "request_id", "")
        if request_id and request_id not in self.request_ids:
            self.request_ids.append(request_id)
        if "expire_time" in request.DESCRIPTOR.fields_by_name and request.HasField("expire_time"):
            seconds = request.expire_time.seconds
            if seconds not in self.expire_times:
                self.expire_times.append(seconds)


class ScriptedSidecar:
    """Answers calls as a script says; those that the script does not cover are passed on."""

    def __init__(self, upstream: str, credentials: grpc.ServerCredentials | None = None) -> None:
        """Take the address of the real sidecar, and the certificate to show, if any."""
        self.seen = Seen()
        self._script: deque[Answer] = deque()
        self._channel = grpc.aio.insecure_channel(upstream)
        self._server = grpc.aio.server()
        self._credentials = credentials
        handlers = {name: self._handler(name) for name in _REQUESTS}
        generic = grpc.method_handlers_generic_handler(_SERVICE, handlers)
        self._server.add_generic_rpc_handlers((generic,))

    async def start(self) -> str:
        """Listen on a free port, and return the address."""
        if self._credentials is None:
            port = self._server.add_insecure_port("127.0.0.1:0")
        else:
            port = self._server.add_secure_port("127.0.0.1:0", self._credentials)
        await self._server.start()
        return f"127.0.0.1:{port}"

    async def stop(self) -> None:
        """End at once."""
        await self._server.stop(None)
        await self._channel.close()

    def will(self, answers: Sequence[Answer]) -> None:
        """Give these answers to the next calls."""
        self._script.extend(answers)

    def _handler(self, name: str) -> Any:
        async def unary(request: bytes, context: Context) -> bytes:
            answer = self._next(name, request, context)
            response = b""
            if answer.keys() & {"pass", "lose"}:
                response = await self._carry_out(name, request, context)
            if "pass" not in answer:
                await _fail(answer, context)
            return response

        async def stream(request: bytes, context: Context) -> AsyncIterator[bytes]:
            answer = self._next(name, request, context)
            if answer.keys() & {"pass", "lose"}:
                async for page in self._carry_out_stream(name, request, context):
                    yield page
            if "pass" not in answer:
                await _fail(answer, context)

        if name == "ListByPrefix":
            return grpc.unary_stream_rpc_method_handler(stream)
        return grpc.unary_unary_rpc_method_handler(unary)

    def _next(self, name: str, request: bytes, context: Context) -> Answer:
        self.seen.note(name, _REQUESTS[name].FromString(request), context)
        return self._script.popleft() if self._script else _PASS

    async def _carry_out(self, name: str, request: bytes, context: Context) -> bytes:
        call: Any = self._channel.unary_unary(f"/{_SERVICE}/{name}")
        try:
            response: bytes = await call(request, wait_for_ready=True)
        except grpc.aio.AioRpcError as error:
            await _pass_on(error, context)
        return response

    async def _carry_out_stream(
        self, name: str, request: bytes, context: Context
    ) -> AsyncIterator[bytes]:
        call: Any = self._channel.unary_stream(f"/{_SERVICE}/{name}")
        try:
            async for page in call(request, wait_for_ready=True):
                yield page
        except grpc.aio.AioRpcError as error:
            await _pass_on(error, context)


async def _pass_on(error: grpc.aio.AioRpcError, context: Context) -> Never:
    await _abort(
        context, error.code(), error.details() or "", tuple(error.trailing_metadata() or ())
    )


async def _fail(answer: Answer, context: Context) -> Never:
    if "hang" in answer:
        await asyncio.Event().wait()
    if "lose" in answer:
        await _abort(context, grpc.StatusCode.UNAVAILABLE, "Socket closed", ())
    details = _encoded_details(answer)
    trailers = ((_DETAILS, details),) if details else ()
    await _abort(context, grpc.StatusCode[answer["code"]], answer.get("message", ""), trailers)


async def _abort(
    context: Context, code: grpc.StatusCode, text: str, trailers: Sequence[tuple[str, Any]]
) -> Never:
    await context.abort(code, text, trailers)
    raise AssertionError("abort raises")


def _encoded_details(answer: Answer) -> bytes:
    if "raw_details" in answer:
        return base64.b64decode(answer["raw_details"])
    if "reason" not in answer:
        return b""
    # grpc-go takes a status whose code is not that of the call for a bug of the server.
    code: Any = grpc.StatusCode[answer["code"]]
    status = Status(code=code.value[0], message=answer.get("message", ""))
    for detail in _details(answer):
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    return bytes(status.SerializeToString())


def _details(answer: Answer) -> list[Message]:
    info = ErrorInfo(reason=answer["reason"], domain=answer.get("domain", "pannier"))
    if "write_outcome" in answer:
        info.metadata["write_outcome"] = answer["write_outcome"]
    details: list[Message] = [info]
    if "retry_delay_seconds" in answer:
        delay = Duration()
        delay.FromNanoseconds(round(answer["retry_delay_seconds"] * 1e9))
        details.append(RetryInfo(retry_delay=delay))
    if "version_conflict" in answer:
        details.append(pb.VersionConflict(**answer["version_conflict"]))
    if "data_too_large" in answer:
        details.append(pb.DataTooLarge(**answer["data_too_large"]))
    return details
