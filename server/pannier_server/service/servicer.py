"""The handlers as a gRPC service: bytes to messages, and errors to statuses.

Requests are parsed here and not by the gRPC runtime, so that a malformed message is
answered with a typed error. The registration is the one that generated code makes on
a ``grpc.aio`` server; a transport needs to offer no more than that.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import NoReturn, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message

from pannier.v1 import storage_pb2 as pb
from pannier_server.service.errors import Draining, InvalidRequest
from pannier_server.service.interface import CallContext, Clock, Identity, StorageHandlers
from pannier_server.service.status import STATUS_DETAILS, to_status

SERVICE_NAME = "pannier.v1.StorageBackend"

_log = logging.getLogger(__name__)

Request = TypeVar("Request", bound=Message)
ServicerContext = grpc.aio.ServicerContext[bytes, bytes]
UnaryMethod = Callable[[bytes, ServicerContext], Awaitable[bytes]]
StreamMethod = Callable[[bytes, ServicerContext], AsyncIterator[bytes]]
Authenticate = Callable[[ServicerContext], Identity]
"""Returns who makes a call, or raises `pannier_server.service.errors.CallError`."""


@dataclass(slots=True)
class CallsInFlight:
    """Counts running calls, and refuses new ones once the sidecar drains."""

    count: int = 0
    draining: bool = False
    _idle: asyncio.Event | None = None

    def __enter__(self) -> None:
        """Start a call.

        Raises:
            Draining: The sidecar takes no more calls.
        """
        if self.draining:
            raise Draining
        self.count += 1

    def __exit__(self, *exc: object) -> None:
        """End a call."""
        self.count -= 1
        if self._idle and not self.count:
            self._idle.set()

    async def drain(self) -> None:
        """Refuse new calls, and return when none is running."""
        self.draining = True
        self._idle = asyncio.Event()
        if self.count:
            await self._idle.wait()


@dataclass(frozen=True, slots=True)
class StorageServicer:
    """The service ``pannier.v1.StorageBackend`` over its handlers.

    Attributes:
        handlers: What answers the calls.
        calls: The count of running calls.
        clock: The server's clock.
        default_timeout: Seconds that a call without a deadline may take.
        authenticate: Tells who makes a call; None where nobody has to say so.
    """

    handlers: StorageHandlers
    calls: CallsInFlight
    clock: Clock
    default_timeout: float
    authenticate: Authenticate | None = None

    def register(self, server: grpc.aio.Server) -> None:
        """Add the six RPCs to a server."""
        # Looked up once: each look costs a system call.
        now = asyncio.get_running_loop().time
        handlers = self.handlers
        unary = grpc.unary_unary_rpc_method_handler
        methods: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            "Get": unary(self._unary(now, pb.GetRequest, handlers.get, is_write=False)),
            "Put": unary(self._unary(now, pb.PutRequest, handlers.put, is_write=True)),
            "PutIfVersion": unary(
                self._unary(now, pb.PutIfVersionRequest, handlers.put_if_version, is_write=True)
            ),
            "Delete": unary(self._unary(now, pb.DeleteRequest, handlers.delete, is_write=True)),
            "ListByPrefix": grpc.unary_stream_rpc_method_handler(self._stream(now)),
            "CleanupExpired": unary(
                self._unary(now, pb.CleanupExpiredRequest, handlers.cleanup_expired, is_write=True)
            ),
        }
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(SERVICE_NAME, methods),)
        )

    def _unary(
        self,
        now: Clock,
        message: type[Request],
        handler: Callable[[Request, CallContext], Awaitable[Message]],
        *,
        is_write: bool,
    ) -> UnaryMethod:
        new_call = self._new_call()

        async def method(request: bytes, context: ServicerContext) -> bytes:
            try:
                with self.calls:
                    call = new_call(context, now)
                    response = await handler(_parse(message, request), call)
                    return response.SerializeToString()
            except Exception as error:  # noqa: BLE001 (each error has its status)
                await _abort(context, error, is_write=is_write)

        return method

    def _stream(self, now: Clock) -> StreamMethod:
        new_call = self._new_call()

        async def method(request: bytes, context: ServicerContext) -> AsyncIterator[bytes]:
            try:
                with self.calls:
                    call = new_call(context, now)
                    pages = self.handlers.list_by_prefix(
                        _parse(pb.ListByPrefixRequest, request), call
                    )
                    async with aclosing(pages):
                        async for page in pages:
                            yield page.SerializeToString()
            except Exception as error:  # noqa: BLE001 (each error has its status)
                await _abort(context, error, is_write=False)

        return method

    def _new_call(self) -> Callable[[ServicerContext, Clock], CallContext]:
        """Return what a call begins with: before its request is looked at, who makes it."""
        authenticate = self.authenticate
        if authenticate is None:
            return self._context

        def authenticated(context: ServicerContext, now: Clock) -> CallContext:
            return self._context(context, now, authenticate(context))

        return authenticated

    def _context(
        self, context: ServicerContext, now: Clock, identity: Identity | None = None
    ) -> CallContext:
        remaining = context.time_remaining()
        deadline = None
        if remaining is not None:
            deadline = now() + remaining
        return CallContext(self.clock, deadline, self.default_timeout, identity)


def _parse(message: type[Request], request: bytes) -> Request:
    try:
        return message.FromString(request)
    except DecodeError:
        raise InvalidRequest(
            pb.ERROR_REASON_MESSAGE_INVALID,
            f"the request is no valid {message.DESCRIPTOR.full_name}: "
            "its bytes are no protobuf message of that type, or a string is not UTF-8",
        ) from None


async def _abort(context: ServicerContext, error: Exception, *, is_write: bool) -> NoReturn:
    status = to_status(error, is_write=is_write)
    if status.is_bug:
        _log.error("a call failed in an unforeseen way", exc_info=error)
    await context.abort(
        status.code, status.message, trailing_metadata=((STATUS_DETAILS, status.details),)
    )
    raise AssertionError("abort returned")  # pragma: no cover
