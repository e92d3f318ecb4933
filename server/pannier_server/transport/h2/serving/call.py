"""Driving a call: what is sent and when, its deadline, its task, and how it ends."""

import asyncio
import logging
from collections.abc import Sequence
from inspect import CORO_CREATED, getcoroutinestate
from typing import Any

from pannier_server.transport.h2.hpack import Field
from pannier_server.transport.h2.http2.errors import ErrorCode
from pannier_server.transport.h2.http2.outbox import ANSWER_EARNS
from pannier_server.transport.h2.http2.stream import Stream
from pannier_server.transport.h2.serving.context import AbortError, Compression, ServicerContext
from pannier_server.transport.h2.serving.held import Share
from pannier_server.transport.h2.serving.request import RequestBody
from pannier_server.transport.h2.wire import answers, messages
from pannier_server.transport.h2.wire.codes import (
    CANCELLED,
    DEADLINE_EXCEEDED,
    INTERNAL,
    OK,
    RESOURCE_EXHAUSTED,
    UNKNOWN,
)
from pannier_server.transport.h2.wire.heads import RequestHead
from pannier_server.transport.h2.wire.messages import MessageRefused

_log = logging.getLogger(__name__)

# As how many frames that bring nothing a message counts that is refused, beside what its answer
# earns: finding that out may have meant to decompress some MiB.
_REFUSED_MESSAGE_COSTS = ANSWER_EARNS + 10


class Call(ServicerContext):
    """A call of any kind; its subclasses run the handler and take the request."""

    __slots__ = ()

    def _begin_answer(self) -> None:
        self._send_head(self._open_stream())
        self._protocol.flush_soon()

    def _open_stream(self) -> Stream[RequestHead]:
        """Return the call's stream, opened now where the call came whole."""
        if self.stream is None:
            connection = self._protocol.connection
            self.stream = connection.adopt(self._stream_id, self._head, self.time_remaining())
            self.stream.receiver = self
        return self.stream

    def _send_head(self, stream: Stream[RequestHead]) -> None:
        if self._head_sent:
            return
        self._head_sent = True
        block = answers.HEAD_BLOCK
        extras = self._extras
        if extras:
            compressed = extras.compression is not Compression.NONE
            block = answers.head_block(extras.initial, compressed=compressed)
        self._protocol.connection.outbox.headers(stream, block)

    def _send_message(self, stream: Stream[RequestHead], message: bytes) -> None:
        """Send one answer, its head before the first one."""
        self._send_head(stream)
        compression = self._extras.compression if self._extras else Compression.NONE
        compressed = compression is Compression.GZIP
        if compressed:
            message = messages.compress(message)
        elif compression is Compression.GZIP_BUT_NEXT:
            self._set().compression = Compression.GZIP
        start = messages.prefix(len(message), compressed=compressed)
        self._protocol.connection.outbox.data(stream, start, message)

    def _send_status(self) -> None:
        """End the answer with the status that was set, which is the end of the call."""
        extras = self._extras
        if extras:
            self._end(extras.code, extras.details, extras.trailing)
        else:
            self._end(OK, "", ())

    def _end(self, code: int, message: str, metadata: Sequence[Field]) -> None:
        if self._over:
            return
        connection = self._protocol.connection
        if self._head_sent:
            assert self.stream is not None
            block = answers.trailers_block(code, message, metadata)
            connection.outbox.end(self.stream, block)
        else:
            initial = self._extras.initial if self._extras else ()
            block = answers.trailers_only_block(code, message, (*initial, *metadata))
            connection.answer_with_head(self._stream_id, self.stream, block)
        self._settle()

    def _end_for(self, error: BaseException) -> None:
        """End the call for what its handler raised."""
        if self._over:
            return
        if isinstance(error, AbortError):
            self._send_status()
        elif isinstance(error, asyncio.CancelledError):
            self._end(CANCELLED, "the handler was cancelled", ())
        elif isinstance(error, NotImplementedError) and self._extras and self._extras.code:
            # A method of a generated servicer that nobody has written.
            self._send_status()
        else:
            self._end_for_bug(error)

    def _end_for_bug(self, error: BaseException) -> None:
        """End the call with the status that the handler has set, as grpc.aio does, or UNKNOWN."""
        self._protocol.meters.handler_errors += 1
        _log.error("the handler of %s failed", self._head.path, exc_info=error)
        extras = self._extras
        if extras and extras.code:
            self._send_status()
        else:
            message = "the handler failed; the server's log says how"
            self._end(UNKNOWN, message, extras.trailing if extras else ())

    def _end_unreadable(self) -> None:
        """End the call for a request that its method cannot read."""
        self._end_now(INTERNAL, "the request cannot be deserialized")

    def _settle(self) -> None:
        """Note that the call is over, and tell those who want to know."""
        self._over = True
        if self._timer:
            self._timer.cancel()
        stream = self.stream
        if stream is not None and stream.unsent_bytes:
            self._protocol.held.hold(self, stream.unsent_bytes)
        elif stream is not None:
            self._protocol.held.release(self)
        for callback in self._extras.callbacks if self._extras else ():
            self._call_back(callback)

    def _new_body(self, stream: Stream[RequestHead]) -> RequestBody:
        protocol = self._protocol
        return RequestBody(protocol.connection, stream, protocol.limits)

    def _take(self, body: RequestBody, data: bytes) -> None:
        """Take a piece of the request; what cannot be read ends the call."""
        try:
            body.take(data)
        except MessageRefused as error:
            if error.code == RESOURCE_EXHAUSTED:
                self._protocol.meters.messages_too_large += 1
            self._end_now(error.code, str(error))
            self._protocol.connection.allowance.spend(_REFUSED_MESSAGE_COSTS)
        else:
            unsent = self.stream.unsent_bytes if self.stream is not None else 0
            self._protocol.held.hold(self, body.held_bytes + unsent)

    def _take_single(self, body: RequestBody, data: bytes) -> None:
        """Take a piece of a request that may be one message only."""
        self._take(body, data)
        if len(body.messages) > 1:
            self._end_now(INTERNAL, "the request is more than one message")

    def _look_at_request(self, body: RequestBody, now: float) -> None:
        """End a call whose request does not come to its end."""
        protocol = self._protocol
        if self._deadline is not None:
            # Once the handler runs, a timer watches its deadline.
            if self._task is None:
                self._has_expired()
        elif body.waited(now) > protocol.limits.request_timeout > 0:
            protocol.meters.requests_timed_out += 1
            self._end_now(DEADLINE_EXCEEDED, "the request did not arrive in time")

    def _watch_deadline(self) -> None:
        """End the call at its deadline."""
        if self._deadline is not None:
            self._timer = self._protocol.loop.call_at(self._deadline, self._expire)

    def _has_expired(self) -> bool:
        """Say whether the deadline has passed, which ends the call."""
        if self._deadline is None or self._deadline > self._protocol.loop.time():
            return False
        self._expire()
        return True

    def _expire(self) -> None:
        self._protocol.meters.calls_expired += 1
        self._end_now(DEADLINE_EXCEEDED, "the deadline has passed")
        self._protocol.flush_soon()

    def _end_now(self, code: int, message: str) -> None:
        """End the call with a status although its handler runs."""
        if self._over:
            return
        if self.stream is not None and self.stream.unsent_bytes:
            self._protocol.connection.reset(self.stream, ErrorCode.CANCEL)
            self._settle()
        else:
            self._end(code, message, ())
        self._stop_handler()

    def _stop_handler(self) -> None:
        """Cancel the handler, which counts as a stream of its connection until it has ended."""
        if self._task is not None and not self._task.done():
            self._protocol.connection.lingering += 1
            self._is_lingering = True
            self._cancel(self._task)

    def _cancel(self, task: "asyncio.Task[None]", message: Any = None) -> bool:
        """Cancel the handler's task, once it has begun.

        One that is cancelled before its first step never runs: the handler would not hear of
        it, and nobody would note its end.
        """
        if getcoroutinestate(task.get_coro()) == CORO_CREATED:  # type: ignore[arg-type]
            self._protocol.loop.call_soon(task.cancel, message)
            return True
        return task.cancel(message)

    def _run_task(self, task: "asyncio.Task[None]") -> None:
        """Let a task drive the call from here on."""
        self._task = task
        self._is_lingering = False
        self._protocol.meters.running += 1

    def _task_ended(self) -> None:
        self._protocol.meters.running -= 1
        if self._is_lingering:
            self._protocol.connection.lingering -= 1

    # -- http2.stream.Receiver, the part that all calls share

    def lost(self) -> None:
        """Stop the work behind a stream that the peer has ended."""
        if self._over:
            self._protocol.held.release(self)
            return
        self._lost = True
        self._protocol.meters.calls_cancelled += 1
        self._settle()
        self._stop_handler()

    def received(self, data: bytes) -> None:
        """Ignore bytes that nobody waits for."""

    def ended(self) -> None:
        """Ignore the end of a request that came whole."""

    def writable(self) -> None:
        """Note that everything has left."""
        self._protocol.held.release(self)

    def sent(self) -> None:
        """Note that the whole answer has left."""
        self._protocol.held.release(self)

    def look(self, now: float) -> None:
        """Take a look of the sweep, on its clock."""

    # -- held.Holder

    @property
    def share(self) -> Share:
        """What its connection holds."""
        return self._protocol.share

    def evict(self) -> None:
        """End a call that holds too many bytes for too long."""
        self._end_now(
            RESOURCE_EXHAUSTED, "the server holds too many incomplete requests and unsent answers"
        )
        if self.stream is not None:
            self._protocol.connection.reset(self.stream, ErrorCode.CANCEL)
        self._protocol.flush_soon()
