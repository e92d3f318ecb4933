"""Calls with any number of requests or answers."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

from pannier_server.transport.h2.http2.stream import Stream
from pannier_server.transport.h2.serving.call import Call
from pannier_server.transport.h2.serving.methods import Method
from pannier_server.transport.h2.wire.codes import INTERNAL
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

# A handler that reads and writes without ever waiting lets others run after so many bytes,
# of which a message has these beside its own: what it costs to handle an empty one.
_BYTES_PER_TURN: Final = 256 * 1024
_MESSAGE_BYTES: Final = 1024


class StreamingCall(Call):
    """A call whose handler runs in a task of its own."""

    __slots__ = (
        "_body",
        "_ended",
        "_reading",
        "_since_turn",
        "_writing",
    )

    stream: Stream[RequestHead]

    def __init__(
        self, protocol: "ServerProtocol", stream: Stream[RequestHead], method: Method
    ) -> None:
        """Make a call of a method on a stream."""
        super().__init__(protocol, stream.id, stream.head, stream.timeout, method)
        self.stream = stream
        self._body = self._new_body(stream)
        self._ended = False
        self._reading: asyncio.Future[None] | None = None
        self._writing: list[asyncio.Future[None]] = []
        self._since_turn = 0

    def start(self) -> None:
        """Start the handler, or wait for the request where it takes a single one."""
        if self._method.request_streaming:
            self._start_handler(self._requests())

    # -- the handler's side

    async def read(self) -> Any:
        """Return the next request, or ``grpc.aio.EOF`` after the last one.

        Raises:
            asyncio.CancelledError: The call is over: the client has cancelled it, say.
            RuntimeError: Another task waits for the next request already.
        """
        if self._since_turn > _BYTES_PER_TURN:
            await self._let_others_run()
        while not (self._body.messages or self._over):
            if self._ended:
                return end_of_requests()
            await self._until_readable()
        if self._over:
            raise asyncio.CancelledError
        message = self._body.pop()
        self._hold()
        self._since_turn += len(message) + _MESSAGE_BYTES
        self._protocol.flush_soon()
        deserialize = self._method.deserialize
        try:
            return message if deserialize is None else deserialize(message)
        except Exception:  # noqa: BLE001 (any codec's)
            self._end_unreadable()
            raise asyncio.CancelledError from None

    async def write(self, message: Any) -> None:
        """Send an answer; return once the client's windows have taken it.

        Raises:
            asyncio.CancelledError: The call is over: the client has cancelled it, say.
        """
        serialize = self._method.serialize
        encoded = message if serialize is None else serialize(message)
        if self._over:
            raise asyncio.CancelledError
        self._since_turn += len(encoded) + _MESSAGE_BYTES
        self._send_message(self.stream, encoded)
        self._protocol.flush_soon()
        while self.stream.unsent_bytes and not self._over:
            await self._until_writable()
        if self._since_turn > _BYTES_PER_TURN:
            await self._let_others_run()
        if self._over:
            raise asyncio.CancelledError

    async def _let_others_run(self) -> None:
        self._since_turn = 0
        await asyncio.sleep(0)

    async def _until_readable(self) -> None:
        if self._reading is not None:
            raise RuntimeError("another task reads the requests of this call already")
        self._reading = self._protocol.loop.create_future()
        try:
            await self._reading
        finally:
            self._reading = None

    async def _until_writable(self) -> None:
        self._hold()
        if self._over:
            # It was ended for what it holds.
            return
        waiter = self._protocol.loop.create_future()
        self._writing.append(waiter)
        try:
            await waiter
        finally:
            self._writing.remove(waiter)

    def _hold(self) -> None:
        self._protocol.held.hold(self, self._body.held_bytes + self.stream.unsent_bytes)

    async def _requests(self) -> AsyncIterator[Any]:
        end = end_of_requests()
        while (request := await self.read()) is not end:
            yield request

    # -- the task

    def _start_handler(self, request: Any) -> None:
        if self._has_expired():
            return
        self._protocol.meters.calls += 1
        self._run_task(self._protocol.loop.create_task(self._run(request)))
        self._watch_deadline()

    async def _run(self, request: Any) -> None:
        try:
            # It may have been cancelled before this first step.
            if not self._over:
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
            if not (self._method.response_streaming or (self._extras and self._extras.code)):
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
        if self._method.request_streaming:
            self._take(self._body, data)
            if self._body.messages:
                self._wake(self._reading)
        else:
            self._take_single(self._body, data)

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
        elif not self._body.messages:
            self._end(INTERNAL, "the request is not one whole message", ())
        else:
            self._start_single()

    def writable(self) -> None:
        """Let the handler write on."""
        self._hold()
        for waiter in self._writing:
            self._wake(waiter)

    def _start_single(self) -> None:
        message = self._body.pop()
        self._protocol.held.release(self)
        deserialize = self._method.deserialize
        try:
            request = message if deserialize is None else deserialize(message)
        except Exception:  # noqa: BLE001 (any codec's)
            self._end_unreadable()
            return
        self._start_handler(request)

    def _settle(self) -> None:
        """Let go of what nobody will read, and let tasks of the handler know that it is over."""
        super()._settle()
        if self._body.held_bytes:
            self._body = self._new_body(self.stream)
        for waiter in (self._reading, *self._writing):
            self._wake(waiter)

    def _wake(self, waiter: "asyncio.Future[None] | None") -> None:
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
