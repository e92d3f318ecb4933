"""One HTTP/1.1 connection that carries one request after another.

A future per exchange and a timer are all that a request costs beside parsing: no task,
no stream, one write.
"""

import asyncio
import select
from collections.abc import Mapping
from typing import cast
from zlib import crc32

import httptools
import msgspec

from pannier_server.backends.dynamodb.wire.errors import AttemptFailed

MAX_HEAD_BYTES = 64 * 1024
"""The largest head of an answer; DynamoDB's have about 300 bytes."""

# A timer that is so late was not kept because the process did not run.
_STOPPED_SECONDS = 0.25
_CATCH_UP_SECONDS = 0.05


class Answer(msgspec.Struct, frozen=True):
    """A whole answer whose checksum, where it has one, is right.

    Attributes:
        status: The HTTP status.
        body: The body.
        headers: The headers by their lower-case names.
    """

    status: int
    body: bytes
    headers: Mapping[bytes, bytes]

    def header(self, name: str) -> str:
        """Return a header by its lower-case name, or an empty string."""
        return self.headers.get(name.encode(), b"").decode("latin-1")


class Connection(asyncio.Protocol):
    """A connection. It is used by one caller at a time, who waits for `exchange`.

    Attributes:
        expires_at: When it is not to be used any more, on the pool's clock.
        idle_since: When it was last released, on the pool's clock.
        idle_since_wall: The same by the wall clock, which tells of sleep that the other misses.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, max_answer_bytes: int) -> None:
        """Make a connection that is not connected yet."""
        self.expires_at = 0.0
        self.idle_since = 0.0
        self.idle_since_wall = 0.0
        self._loop = loop
        self._max_answer_bytes = max_answer_bytes
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._reusable = True
        self._exchanges = 0
        self._waiter: asyncio.Future[Answer] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._until = 0.0
        self._events = select.poll()
        self._clear_answer()

    @property
    def usable(self) -> bool:
        """Whether another request can be written to it."""
        return self._reusable and self._transport is not None and not self._transport.is_closing()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing has come since the last answer that the loop has not handled yet.

        A process that was stopped for a while may have a call to make before its loop gets
        to see that the server has closed the connection meanwhile.
        """
        return not self._events.poll(0)

    def exchange(self, request: bytes, until: float) -> "asyncio.Future[Answer]":
        """Send a request and return the future of its answer.

        Args:
            request: The head and the body.
            until: When to give up, in seconds of ``loop.time()``.

        Returns:
            A future that may raise `AttemptFailed`. Who cancels it has to `abort`.
        """
        waiter = self._waiter = self._loop.create_future()
        self._exchanges += 1
        if self.usable:
            self._until = until
            self._timer = self._loop.call_at(until, self._time_out)
            cast("asyncio.Transport", self._transport).write(request)
        else:
            self._fail("the connection was closed before the request was sent", sent=False)
        return waiter

    def abort(self) -> None:
        """Close the connection at once, whatever is under way."""
        self._reusable = False
        self._stop_timer()
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport, and its socket to look at."""
        self._transport = cast("asyncio.Transport", transport)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            self._events.register(sock.fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("the answer is no HTTP")
            return
        if not self._in_body and self._head_bytes > MAX_HEAD_BYTES:
            self._fail(f"the answer's head has more than {MAX_HEAD_BYTES:,} bytes")
        elif not self._reusable:
            self.abort()

    def eof_received(self) -> None:
        """Take the end of the stream as the end of a body that has no other."""
        if self._in_body and not self._framed and self._waiter is not None:
            self.on_message_complete()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the one who waits, and let go of the parser, which refers back."""
        self._reusable = False
        if self._waiter is not None:
            how = "reset" if error is not None else "closed"
            where = "in the middle of the answer" if self._head_bytes else "before an answer came"
            self._fail(f"the connection was {how} {where}")
        # It refers back to the connection.
        del self._parser
        self._transport = None

    def on_message_begin(self) -> None:
        """Notice an answer that no one asked for."""
        if self._waiter is None:
            self._reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; the parser calls it for each."""
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """Note how the body will end."""
        self._in_body = True
        self._framed = b"content-length" in self._headers or b"transfer-encoding" in self._headers

    def on_body(self, part: bytes) -> None:
        """Keep a part of the body."""
        self._body_bytes += len(part)
        if self._body_bytes > self._max_answer_bytes:
            self._fail(f"the answer has more than {self._max_answer_bytes:,} bytes")
        else:
            self._body.append(part)

    def on_message_complete(self) -> None:
        """Hand the answer over."""
        if self._waiter is None:
            return
        status = self._parser.get_status_code()
        if status < 200:  # An interim answer (RFC 9110 section 15.2); the real one follows.
            self._clear_answer()
            return
        self._reusable = self._framed and self._parser.should_keep_alive()
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        checksum = self._headers.get(b"x-amz-crc32")
        if checksum is not None and checksum != b"%d" % crc32(body):
            self._fail("the answer's checksum (x-amz-crc32) is wrong")
            return
        self._succeed(status, body)

    def _succeed(self, status: int, body: bytes) -> None:
        answer = Answer(status, body, self._headers)
        waiter, self._waiter = self._waiter, None
        self._stop_timer()
        self._clear_answer()
        if waiter is not None and not waiter.done():
            waiter.set_result(answer)

    def _time_out(self) -> None:
        now = self._loop.time()
        if now - self._until > _STOPPED_SECONDS:
            # The process was stopped: what came meanwhile is still to be read.
            self._until = now + _CATCH_UP_SECONDS
            self._timer = self._loop.call_at(self._until, self._time_out)
            return
        self._fail("no answer came in time", timed_out=True)

    def _fail(self, problem: str, *, sent: bool = True, timed_out: bool = False) -> None:
        failure = AttemptFailed(
            problem,
            maybe_applied=sent,
            reused=self._exchanges > 1,
            answer_started=self._head_bytes > 0,
            timed_out=timed_out,
        )
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(failure)
            # Who waits may be cancelled in this very moment; that is no lost exception.
            waiter.exception()
        self.abort()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _clear_answer(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._head_bytes = 0
        self._in_body = False
        self._framed = False
