"""Calls with any number of requests or answers."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

from pannier_server.transport.h2.http2.stream import Stream
from pannier_server.transport.h2.serving.context import INTERNAL, ServicerContext
from pannier_server.transport.h2.serving.methods import Method
from pannier_server.transport.h2.wire.heads import RequestHead

if TYPE_CHECKING:
    from pannier_server.transport.h2.serving.protocol import ServerProtocol

def end_of_requests() -> object:
    """Return what `StreamingCall.read` gives after the last request: ``grpc.aio.EOF``.

    A handler that compares with it has imported it.
    """
    aio = sys.modules.get("grpc.aio")
    return _END if aio is None else aio.EOF


_END: Final = object()

# A handler that writes without ever waiting lets others run after so many bytes.
_BYTES_PER_TURN: Final = 256 * 1024


class StreamingCall(ServicerContext):
    """A call whose handler runs in a task of its own."""

    __slots__ = (
        "_body",
        "_ended",
        "_method",
        "_reading",
        "_since_turn",
        "_writing",
    )

    stream: Stream[RequestHead]

    def __init__(
        self, protocol: "ServerProtocol", stream: Stream[RequestHead], method: Method
    ) -> None:
        """Make a call of a method on a stream."""
        super().__init__(protocol, stream.id, stream.head, stream.timeout)
        self.stream = stream
        self._method = method
        self._body = self._new_body(stream)
        self._ended = False
        self._reading: asyncio.Future[None] | None = None
        self._writing: asyncio.Future[None] | None = None
        self._since_turn = 0

    def start(self) -> None:
        """Start the handler, or wait for the request where it takes a single one."""
        if self._method.request_streaming:
            self._start_handler(self._requests())

    # -- the handler's side

    async def read(self) -> Any:
        """Return the next request, or ``grpc.aio.EOF`` after the last one.

        Raises:
            asyncio.CancelledError: The client has cancelled the call.
        """
        while not self._body.messages:
            if self._ended:
                return end_of_requests()
            self._reading = self._protocol.loop.create_future()
            try:
                await self._reading
            finally:
                self._reading = None
        message = self._body.pop()
        self._protocol.held.hold(self, self._body.held_bytes)
        self._protocol.flush_soon()
        deserialize = self._method.deserialize
        return message if deserialize is None else deserialize(message)

    async def write(self, message: Any) -> None:
        """Send an answer; return once the client's windows have taken it.

        Raises:
            asyncio.CancelledError: The client has cancelled the call.
        """
        serialize = self._method.serialize
        encoded = message if serialize is None else serialize(message)
        if self._over:
            raise asyncio.CancelledError
        self._send_message(self.stream, encoded)
        self._protocol.flush_soon()
        if self.stream.unsent_bytes:
            await self._until_writable()
        self._since_turn += len(encoded)
        if self._since_turn > _BYTES_PER_TURN:
            self._since_turn = 0
            await asyncio.sleep(0)

    async def _until_writable(self) -> None:
        self._protocol.held.hold(self, self._body.held_bytes + self.stream.unsent_bytes)
        self._writing = self._protocol.loop.create_future()
        try:
            await self._writing
        finally:
            self._writing = None

    async def _requests(self) -> AsyncIterator[Any]:
        end = end_of_requests()
        while (request := await self.read()) is not end:
            yield request

    # -- the task

    def _start_handler(self, request: Any) -> None:
        self._protocol.meters.calls += 1
        self._run_task(self._protocol.loop.create_task(self._run(request)))
        self._watch_deadline()

    async def _run(self, request: Any) -> None:
        try:
            await self._serve(request)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 (any handler's)
            self._end_for(error)
        finally:
            self._task_ended()
        self._protocol.flush_soon()

    async def _serve(self, request: Any) -> None:
        result = self._method.behaviour(request, self)
        if hasattr(result, "__aiter__"):
            await self._write_all(result)
        else:
            answer = await result
            if not self._method.response_streaming and not self.code():
                await self.write(answer)
        self._send_status()

    async def _write_all(self, messages: Any) -> None:
        try:
            async for message in messages:
                await self.write(message)
        finally:
            close = getattr(messages, "aclose", None)
            if close:
                await close()

    # -- http2.stream.Receiver

    def received(self, data: bytes) -> None:
        """Take a piece of the requests."""
        if self._over:
            return
        self._take(self._body, data)
        if self._body.messages:
            self._wake(self._reading)

    def look(self, now: float) -> None:
        """Take a look of the sweep, on its clock."""
        waits_for_message = self._task is None or self._body.is_partial
        if waits_for_message and not self._over:
            self._look_at_request(self._body, now)

    def ended(self) -> None:
        """Take the end of the requests."""
        if self._over:
            return
        self._ended = True
        if self._body.is_partial:
            self._end_now(INTERNAL, "the request ends inside a message")
        elif self._method.request_streaming:
            self._wake(self._reading)
        elif len(self._body.messages) != 1:
            self._end(INTERNAL, "the request is not one whole message", ())
        else:
            self._start_single()

    def writable(self) -> None:
        """Let the handler write on."""
        self._protocol.held.hold(self, self._body.held_bytes)
        self._wake(self._writing)

    def _start_single(self) -> None:
        message = self._body.pop()
        self._protocol.held.release(self)
        deserialize = self._method.deserialize
        try:
            request = message if deserialize is None else deserialize(message)
        except Exception as error:  # noqa: BLE001 (any codec's)
            self._end_for(error)
            return
        self._start_handler(request)

    def _wake(self, waiter: "asyncio.Future[None] | None") -> None:
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
