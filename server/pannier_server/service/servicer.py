"""The handlers as a gRPC service: bytes to messages, and errors to statuses.

Requests are parsed here and not by the gRPC runtime, so that a malformed message is
answered with a typed error. The registration is one that generated code makes on a
``grpc.aio`` server; a transport needs to offer no more than that.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from time import perf_counter
from typing import Generic, NoReturn, TypeVar

from google.protobuf.message import DecodeError, Message

from pannier.v1 import storage_pb2 as pb
from pannier_server.rpc import MethodHandler, Registry, ServicerContext
from pannier_server.service.errors import Draining, InvalidRequest
from pannier_server.service.failed_calls import FailedCall, FailureListener
from pannier_server.service.interface import CallContext, Clock, Identity, StorageHandlers
from pannier_server.service.status import STATUS_DETAILS, CallStatus, stopped_status, to_status

SERVICE_NAME = "pannier.v1.StorageBackend"

_log = logging.getLogger(__name__)

Request = TypeVar("Request", bound=Message)
Around = Callable[[str, MethodHandler], MethodHandler]
"""Returns what is to serve a method, by its name, in place of its handler."""
Authenticate = Callable[[ServicerContext], Identity]
"""Returns who makes a call, or raises `pannier_server.service.errors.CallError`."""


@dataclass(frozen=True, slots=True)
class _Rpc(Generic[Request]):
    """One of the six: its name, the type of its request, and whether it writes."""

    name: str
    message: type[Request]
    is_write: bool = False


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
        listeners: Are told of each call that fails.
        around: What is put around the handler of each method; the last is outermost.
    """

    handlers: StorageHandlers
    calls: CallsInFlight
    clock: Clock
    default_timeout: float
    authenticate: Authenticate | None = None
    listeners: Sequence[FailureListener] = ()
    around: Sequence[Around] = ()

    def register(self, server: Registry) -> None:
        """Add the six RPCs to a server."""
        # Looked up once: each look costs a system call.
        now = asyncio.get_running_loop().time
        handlers = self.handlers
        methods = {
            "Get": self._unary(now, _Rpc("Get", pb.GetRequest), handlers.get),
            "Put": self._unary(now, _Rpc("Put", pb.PutRequest, is_write=True), handlers.put),
            "PutIfVersion": self._unary(
                now,
                _Rpc("PutIfVersion", pb.PutIfVersionRequest, is_write=True),
                handlers.put_if_version,
            ),
            "Delete": self._unary(
                now, _Rpc("Delete", pb.DeleteRequest, is_write=True), handlers.delete
            ),
            "ListByPrefix": self._stream(now, _Rpc("ListByPrefix", pb.ListByPrefixRequest)),
            "CleanupExpired": self._unary(
                now,
                _Rpc("CleanupExpired", pb.CleanupExpiredRequest, is_write=True),
                handlers.cleanup_expired,
            ),
        }
        for around in self.around:
            methods = {name: around(name, handler) for name, handler in methods.items()}
        server.add_registered_method_handlers(SERVICE_NAME, methods)

    def _unary(
        self,
        now: Clock,
        rpc: "_Rpc[Request]",
        handler: Callable[[Request, CallContext], Awaitable[Message]],
    ) -> MethodHandler:
        new_call = self._new_call()
        message = rpc.message

        async def method(request: bytes, context: ServicerContext) -> bytes:
            started = perf_counter()
            call: CallContext | None = None
            try:
                with self.calls:
                    call = new_call(context, now)
                    response = await handler(_parse(message, request), call)
                    return response.SerializeToString()
            except Exception as error:  # noqa: BLE001 (each error has its status)
                await _abort(context, self._failed(rpc, error, request, context, call, started))
            except asyncio.CancelledError as error:
                self._failed(rpc, error, request, context, call, started)
                raise

        return MethodHandler(unary_unary=method)

    def _stream(self, now: Clock, rpc: "_Rpc[pb.ListByPrefixRequest]") -> MethodHandler:
        new_call = self._new_call()

        async def method(request: bytes, context: ServicerContext) -> AsyncGenerator[bytes, None]:
            started = perf_counter()
            call: CallContext | None = None
            try:
                with self.calls:
                    call = new_call(context, now)
                    pages = self.handlers.list_by_prefix(_parse(rpc.message, request), call)
                    async with aclosing(pages):
                        async for page in pages:
                            yield page.SerializeToString()
            except Exception as error:  # noqa: BLE001 (each error has its status)
                await _abort(context, self._failed(rpc, error, request, context, call, started))
            except (asyncio.CancelledError, GeneratorExit) as error:
                # The second is a transport's that stops between two pages.
                self._failed(rpc, error, request, context, call, started)
                raise

        return MethodHandler(unary_stream=method)

    def _failed(
        self,
        rpc: "_Rpc[Request]",
        error: BaseException,
        request: bytes,
        context: ServicerContext,
        call: CallContext | None,
        started: float,
    ) -> CallStatus:
        """Return how a call ends that raised an error, once the listeners know."""
        if isinstance(error, Exception):
            status = to_status(error, is_write=rpc.is_write)
        else:
            status = stopped_status(context.time_remaining(), is_write=rpc.is_write)
        if status.is_bug and not self.listeners:
            _log.error("a call failed in an unforeseen way", exc_info=error)
        for listener in self.listeners:
            listener(
                FailedCall(
                    rpc=rpc.name,
                    status=status,
                    error=error,
                    seconds=perf_counter() - started,
                    identity=call.identity if call else None,
                    context=context,
                    message=rpc.message,
                    request=request,
                )
            )
        return status

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


async def _abort(context: ServicerContext, status: CallStatus) -> NoReturn:
    await context.abort(
        status.code, status.message, trailing_metadata=((STATUS_DETAILS, status.details),)
    )
    raise AssertionError("abort returned")  # pragma: no cover
