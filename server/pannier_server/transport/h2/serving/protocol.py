"""One connection: between a socket's transport, HTTP/2 and the calls."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from pannier_server.transport.h2.http2.connection import Connection
from pannier_server.transport.h2.http2.stream import Receiver, Stream
from pannier_server.transport.h2.serving.held import Share
from pannier_server.transport.h2.serving.methods import CallDetails, Method
from pannier_server.transport.h2.serving.not_grpc import NotGrpc
from pannier_server.transport.h2.serving.peer import auth_context, peer_name
from pannier_server.transport.h2.serving.streaming import StreamingCall
from pannier_server.transport.h2.serving.unary import UnaryCall
from pannier_server.transport.h2.wire import answers
from pannier_server.transport.h2.wire.codes import UNIMPLEMENTED, UNKNOWN
from pannier_server.transport.h2.wire.heads import Refusal, RequestHead, RequestHeadDecoder
from pannier_server.transport.h2.wire.messages import PREFIX_BYTES, is_plain_message
from pannier_server.transport.h2.wire.metadata import decode_metadata

if TYPE_CHECKING:
    from pannier_server.transport.h2.serving.host import Host

_log = logging.getLogger(__name__)

_PING = b"drained?"

# A read of this size has most likely left more in the socket.
_LARGE_READ = 128 * 1024


class ServerProtocol(asyncio.Protocol):
    """A connection of a server.

    Attributes:
        connection: Its HTTP/2 part.
        loop: The event loop that it lives in.
        peer: The client's address.
        opened: When it was made, on the loop's clock.
        last_received: When bytes came last.
        share: What its calls hold.
        worked: The seconds of CPU that were spent on it in turns that brought something.
    """

    def __init__(self, host: "Host", loop: asyncio.AbstractEventLoop) -> None:
        """Make a connection that gets its transport by `connection_made`."""
        self.loop = loop
        self.limits = host.limits
        self.meters = host.meters
        self.held = host.held
        self.share = Share()
        self.worked = 0.0
        self.last_received = loop.time()
        self.connection: Connection[RequestHead] = Connection(
            self,
            RequestHeadDecoder(host.limits, host.meters),
            limits=host.limits,
            meters=host.meters,
            clock=loop.time,
            timer=time.perf_counter,
        )
        self._host = host
        self._transport: asyncio.Transport | None = None
        self._write: Callable[[bytes | memoryview], None] | None = None
        self._written = 0
        self._flushing = False
        self._least_window = 0
        self._paused = False
        self._retiring = False
        self._peer: str | None = None
        self._auth_context: Mapping[str, Sequence[bytes]] | None = None

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the client, unless TLS says that it speaks something else."""
        self._transport = cast("asyncio.Transport", transport)
        tls = transport.get_extra_info("ssl_object")
        if tls is not None and tls.selected_alpn_protocol() != "h2":
            self.meters.handshakes_failed += 1
            self.abort()
            return
        self._write = self._transport.write
        self._transport.set_write_buffer_limits(high=self.limits.write_buffer_bytes)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Serve what can be served of what came, and write the answers at once.

        Where others wait for their turn, and where it is the first that comes, only those
        who ask for little are served at once: a crowd that does not is to take a share of
        the loop's turn together, not a share each.
        """
        self.last_received = self.loop.time()
        connection = self.connection
        busy = connection.hurried = self._host.turns.is_busy
        if not connection.ready and not connection.cut and len(data) < _LARGE_READ:
            # It comes soon: reading is not paused for it, which takes two system calls.
            connection.hold(data)
            self._host.turns.wait(self)
            return
        if busy and connection.is_heavy:
            connection.hold(data)
        else:
            connection.receive(data)
        if connection.cut or len(data) >= _LARGE_READ:
            self._wait_for_turn()
        if self._retiring and self.connection.pongs:
            self.connection.drain()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the work behind all calls."""
        self._host.discard(self)
        self.connection.abandon()
        self._transport = self._write = None

    def pause_writing(self) -> None:
        """Send and read no more: the client does not read what it got."""
        self.connection.outbox.congested = True
        self._pause_reading()

    def resume_writing(self) -> None:
        """Go on: the client reads again."""
        self.connection.outbox.congested = False
        self.connection.outbox.pump()
        self._flush()
        self._resume_reading()

    # -- http2.connection.Application

    def answer_at_once(
        self, stream_id: int, head: RequestHead, timeout: float | None, body: bytes
    ) -> bool:
        """Serve a unary call whose request is one plain message in one frame."""
        try:
            method: Method | None = head.method or self._find_method(head)
        except Exception:  # noqa: BLE001 (a generic handler may raise anything)
            # `open` tells of it.
            return False
        if (
            method is None
            or not method.is_unary
            or head.refusal is not None
            or not is_plain_message(body)
            or len(body) - PREFIX_BYTES > self.limits.max_message_bytes
        ):
            return False
        UnaryCall(self, stream_id, head, timeout, method).start(body[PREFIX_BYTES:])
        return True

    def open(self, stream: Stream[RequestHead]) -> Receiver | None:
        """Start a call of any kind, or answer that there is no such one."""
        head = stream.head
        if head.refusal is not None and head.refusal.http_status != 200:
            return NotGrpc(self, stream, head.refusal)
        if head.refusal is not None:
            self._refuse(stream, head.refusal)
            return None
        try:
            method: Method | None = head.method or self._find_method(head)
        except Exception:  # noqa: BLE001 (a generic handler may raise anything)
            _log.exception("no handler could be chosen for %s", head.path)
            self._refuse(stream, Refusal(200, UNKNOWN, "the server cannot tell what serves this"))
            return None
        if method is None:
            message = f"there is no method {head.path[:200]}"
            self._refuse(stream, Refusal(200, UNIMPLEMENTED, message))
            return None
        if method.is_unary:
            call = UnaryCall(self, stream.id, head, stream.timeout, method)
            call.expect(stream)
            return call
        streaming = StreamingCall(self, stream, method)
        streaming.start()
        return streaming

    def _find_method(self, head: RequestHead) -> Method | None:
        details = CallDetails(head.path, decode_metadata(head.fields))
        method = self._host.methods.find(details)
        head.method = method
        return method

    def _refuse(self, stream: Stream[RequestHead], refusal: Refusal) -> None:
        block = answers.trailers_only_block(refusal.code, refusal.message, refusal.metadata)
        self.connection.answer_with_head(stream.id, stream, block, is_refusal=True)
        self.connection.allowance.spend(refusal.cost)

    def answer_in_http(self, stream: Stream[RequestHead], refusal: Refusal) -> None:
        """Answer what is no gRPC request with a status and a text of HTTP."""
        text = refusal.message.encode()
        self.connection.outbox.headers(stream, answers.http_error_block(refusal.http_status, text))
        self.connection.outbox.data(stream, text)
        self.connection.outbox.end(stream, b"")

    # -- what calls ask for

    @property
    def peer(self) -> str:
        """The client's address, as gRPC writes it."""
        if self._peer is None:
            self._peer = peer_name(self._transport) if self._transport else ""
        return self._peer

    @property
    def auth_context(self) -> Mapping[str, Sequence[bytes]]:
        """What the client's certificate says."""
        if self._auth_context is None:
            self._auth_context = auth_context(self._transport) if self._transport else {}
        return self._auth_context

    def flush_soon(self) -> None:
        """Write what has collected, at the end of this turn of the loop.

        It is written at once where it has become more than the client gets unread: handlers
        that end in the same turn shall not fill the memory with answers that are in its windows.
        """
        window = self.connection.outbox.window
        if not self._flushing:
            self._flushing = True
            self._least_window = window - self.limits.write_buffer_bytes
            self.loop.call_soon(self._flush)
        elif window < self._least_window:
            self._flush()

    # -- what the server asks for

    def retire(self) -> None:
        """Ask the client to open no more streams, and close once those that it has are done.

        Streams that are on their way are served: it is a round trip until `drain`.
        """
        self._retiring = True
        self.connection.announce_drain()
        self.connection.pongs = 0
        self.connection.ping(_PING)
        self._flush()

    def drain(self) -> None:
        """Take no more streams, and close once those that are open are done."""
        self.connection.drain()
        self._flush()

    def close(self) -> None:
        """Write what has collected, then close; calls that run are cancelled."""
        self.connection.abandon()
        self._flush()

    def abort(self) -> None:
        """Close now, whatever the client has not read."""
        self.connection.abandon()
        if self._transport is not None:
            self._transport.abort()

    @property
    def is_heavy(self) -> bool:
        """Whether it is new, or had lately more to be handled than fits a turn."""
        return self.connection.is_heavy

    @property
    def balance(self) -> int:
        """What it has brought, less what it has asked for; see `Allowance.balance`."""
        return self.connection.allowance.balance

    @property
    def unwritten_bytes(self) -> int:
        """Bytes that the client has not read and the socket does not hold."""
        return self._transport.get_write_buffer_size() if self._transport else 0

    def count_written(self) -> int:
        """Return how many bytes were written since the first time that this was asked.

        Counting starts with that: for clients that read it would cost, and tell nothing.
        """
        if self._write != self._write_and_count:
            self._written = 0
            self._write = self._write_and_count
        return self._written

    def stop_counting(self) -> None:
        """Count no more what is written."""
        if self._transport is not None:
            self._write = self._transport.write

    def _write_and_count(self, data: bytes | memoryview) -> None:
        self._written += len(data)
        if self._transport is not None:
            self._transport.write(data)

    # -- in and out

    def _flush(self) -> None:
        self._flushing = False
        frames = self.connection.outbox.frames
        write = self._write
        if write is None:
            # The connection is gone, or its TLS handshake goes on.
            if self.connection.closed:
                frames.clear()
            return
        if frames:
            data = frames[0] if len(frames) == 1 else b"".join(frames)
            frames.clear()
            write(data)
        connection = self.connection
        if connection.closed or (connection.draining and connection.is_idle):
            self._end()

    def _end(self) -> None:
        # What a turn has left unread has no answer any more.
        self.connection.abandon()
        if self._transport is not None:
            self._transport.close()

    def _wait_for_turn(self) -> None:
        """Read no more until others had their turn.

        After a large read too, even if all of it was handled: the event loop would read
        the same socket up to 32 times in one turn.
        """
        self._pause_reading()
        self._host.turns.wait(self)

    def proceed(self) -> None:
        """Go on with what the last turn has left."""
        if self.connection.outbox.congested:
            # `_resume_reading` comes back to it.
            return
        if self.connection.cut:
            self.connection.hurried = False
            self.connection.proceed()
            self._flush()
        self._resume_reading()

    def _pause_reading(self) -> None:
        if not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        """Read on, unless the last turn has left something or the client does not read."""
        if self.connection.outbox.congested:
            return
        if self.connection.cut:
            self._host.turns.wait(self)
        elif self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()
