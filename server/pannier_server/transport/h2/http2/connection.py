"""What frames mean to a connection: its streams, its windows, its requests.

Bytes go into `FrameReader.receive`; requests come out as calls of an `Application`, and
what is to be written collects in `Connection.outbox`. There is no I/O and no clock but
the one that is passed in.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

from pannier_server.transport.h2.http2 import settings
from pannier_server.transport.h2.http2.allowance import DATA_EARNS, Allowance
from pannier_server.transport.h2.http2.errors import ConnectionFault, ErrorCode, StreamFault
from pannier_server.transport.h2.http2.frames import (
    ACK,
    CONTINUATION,
    DATA,
    DEFAULT_WINDOW,
    END_HEADERS,
    END_STREAM,
    MAX_WINDOW,
    PADDED,
    PRIORITIZED,
    SETTINGS,
    goaway_frame,
    ping_ack_frame,
    ping_frame,
    rst_stream_frame,
    settings_frame,
    window_update_frame,
)
from pannier_server.transport.h2.http2.outbox import Outbox
from pannier_server.transport.h2.http2.reading import FrameReader, HeaderBlock
from pannier_server.transport.h2.http2.stream import Head, Receiver, RequestHead, Stream
from pannier_server.transport.h2.limits import Limits
from pannier_server.transport.h2.meters import Meters

# What a request costs of a turn's budget, measured against a control frame: its handler
# may run at once.
_REQUEST_TURN_COST: Final = 6
# A reset this long after the request was no use to an attacker, nor one at the deadline of a
# call, unless that came at once.
_HONEST_SECONDS: Final = 0.05
_SHORTEST_DEADLINE: Final = 0.005
# Frames to a stream that was reset may be on their way still; so many streams back.
_REMEMBERED_RESETS: Final = 512
_REMEMBERED_GAPS: Final = 16
# DATA that cost its sender something.
_LARGE_BYTES: Final = 4096
_STREAMS_BEFORE_TABLELESS: Final = 4
# Header blocks of this size take time to decode, which the answers have to earn.
_LARGE_BLOCK: Final = 1024
_PRIORITY_BYTES: Final = 5

DecodedHead_co = TypeVar("DecodedHead_co", bound=RequestHead, covariant=True)


class HeadDecoder(Protocol[DecodedHead_co]):
    """Decodes header blocks, each of which must pass through it in order."""

    def decode(self, block: bytes) -> tuple[DecodedHead_co, float | None]:
        """Return a request's head and its timeout in seconds."""
        ...

    def decode_trailers(self, block: bytes) -> bool:
        """Return whether a block is allowed as trailers."""
        ...

    def settings_acknowledged(self) -> None:
        """Learn that the peer's encoder was asked to use no dynamic table, and has heard it."""


class Application(Protocol[Head]):
    """What serves the requests of a connection."""

    def answer_at_once(
        self, stream_id: int, head: Head, timeout: float | None, body: bytes
    ) -> bool:
        """Serve a request that came whole, if it is of that kind.

        It may send the whole answer, or open a stream by `Connection.adopt`.

        Returns:
            False where nothing was done and the request is to go the usual way.
        """
        ...

    def open(self, stream: Stream[Head]) -> Receiver | None:
        """Serve a request whose body comes later; None where it has been answered already."""
        ...


class Connection(FrameReader, Generic[Head]):
    """A server's end of an HTTP/2 connection.

    Attributes:
        streams: The open and half-closed streams.
        lingering: Handlers that still run although their stream is gone; they count as
            concurrent streams.
        fault: Why it is over, where the peer broke the protocol.
        pongs: How many answers to our pings have come.
        allowance: What the peer may still send that brings nothing.
    """

    def __init__(
        self,
        application: Application[Head],
        heads: HeadDecoder[Head],
        *,
        limits: Limits,
        meters: Meters,
        clock: Callable[[], float],
        timer: Callable[[], float],
    ) -> None:
        """Make a connection that has sent our settings and waits for the peer's preface.

        Args:
            application: What serves its requests.
            heads: What decodes their heads.
            limits: What the peer may take.
            meters: Where faults are counted.
            clock: The loop's clock, in seconds, which may stand still during a turn.
            timer: A clock that does not, for the length of turns.
        """
        super().__init__(
            Outbox(self.finished), limits=limits, meters=meters, clock=clock, timer=timer
        )
        self.streams: dict[int, Stream[Head]] = {}
        self.lingering = 0
        self.fault: ConnectionFault | None = None
        self.pongs = 0
        self.allowance = Allowance(limits.abuse_allowance, self.outbox, meters)
        self._application = application
        self._heads = heads
        self._full_window = self._receive_window = limits.connection_window
        self._max_streams = limits.max_concurrent_streams
        # A list within the limit is never this long however it is encoded; one frame is taken.
        self._max_block_bytes = max(2 * limits.max_header_list_bytes, limits.max_frame_bytes)
        self._max_unsent_bytes = limits.max_held_bytes_per_connection // 2
        self._unacknowledged = 1
        self._tableless = False
        # Each with the DATA that may still be on its way.
        self._resets: dict[int, int] = {}
        self._gaps: deque[range] = deque(maxlen=_REMEMBERED_GAPS)
        # By frame type.
        self._receivers: tuple[Callable[[int, int, bytes], None], ...] = (
            self._on_data,
            self._on_headers,
            self._on_priority,
            self._on_rst_stream,
            self._on_settings,
            self._on_push_promise,
            self._on_ping,
            self._on_goaway,
            self._on_window_update,
            self._on_continuation,
        )
        self._greet()

    @property
    def is_idle(self) -> bool:
        """No stream is open and no handler runs."""
        return not (self.streams or self.lingering)

    # -- the application's side

    def adopt(self, stream_id: int, head: Head, timeout: float | None) -> Stream[Head]:
        """Open a stream for a request that came whole and cannot be answered at once."""
        stream = self._new_stream(stream_id, head, timeout)
        stream.remote_ended = True
        return stream

    def answer_with_head(
        self, stream_id: int, stream: Stream[Head] | None, block: bytes, *, is_refusal: bool = False
    ) -> None:
        """Answer a request with a header block alone; ``stream`` is None where none was opened.

        A refusal earns the peer nothing.
        """
        self.outbox.head_only(stream_id, block, is_refusal=is_refusal)
        if stream is not None:
            self.finished(stream)

    def finished(self, stream: Stream[Head]) -> None:
        """Close a stream whose whole answer is in the outbox."""
        self.streams.pop(stream.id, None)
        receiver, stream.receiver = stream.receiver, None
        if receiver:
            receiver.sent()
        if not stream.remote_ended:
            # RFC 9113 section 8.1: the rest of the request is not wanted.
            self._send_reset(stream.id, ErrorCode.NO_ERROR)

    def give_back(self, stream: Stream[Head], count: int) -> None:
        """Let the peer send as many bytes again as a stream's receiver has used."""
        if stream.remote_ended:
            return
        stream.unreturned += count
        if stream.unreturned * 2 >= self._limits.stream_window and stream.id in self.streams:
            self.outbox.frames.append(window_update_frame(stream.id, stream.unreturned))
            stream.receive_window += stream.unreturned
            stream.unreturned = 0

    def reset(self, stream: Stream[Head], code: ErrorCode) -> None:
        """End a stream at once; its receiver hears nothing more."""
        if self.streams.pop(stream.id, None) is None:
            return
        self.outbox.discard(stream)
        stream.receiver = None
        self._send_reset(stream.id, code)

    def ping(self, opaque: bytes) -> None:
        """Ask the peer for a sign of life, 8 bytes that it sends back."""
        if not self.closed:
            self.outbox.frames.append(ping_frame(opaque))

    def announce_drain(self) -> None:
        """Tell the peer to open no more streams, and go on serving those on their way.

        RFC 9113 section 6.8: `drain` follows at least a round trip later.
        """
        if not (self.draining or self.closed):
            self.outbox.frames.append(goaway_frame(MAX_WINDOW, ErrorCode.NO_ERROR))

    def drain(self) -> None:
        """Take no more streams; those that are open go on."""
        if not (self.draining or self.closed):
            self.draining = True
            self.outbox.frames.append(goaway_frame(self.last_stream_id, ErrorCode.NO_ERROR))

    def abandon(self) -> None:
        """Tell every receiver that the connection is gone, and read nothing more."""
        self.stop_reading()
        streams, self.streams = list(self.streams.values()), {}
        for stream in streams:
            self._lose(stream)

    # -- the peer's frames

    def _whole_request(self, stream_id: int, block: bytes, body: bytes) -> None:
        self._budget -= _REQUEST_TURN_COST
        if len(block) >= _LARGE_BLOCK:
            self.allowance.spend(len(block) // _LARGE_BLOCK)
        head, timeout = self._heads.decode(block)
        self._note_new(stream_id)
        if (
            not head.malformed
            and head.content_length is None
            and not ((self.streams or self.lingering) and self._is_full())
            and self._application.answer_at_once(stream_id, head, timeout, body)
        ):
            self._take_from_window(len(body))
            return
        try:
            self._open(stream_id, head, timeout)
        except StreamFault as fault:
            self._end_stream_for(fault)
        self._frame(DATA, END_STREAM, stream_id, body)

    def _frame(self, kind: int, flags: int, stream_id: int, payload: bytes) -> None:
        self._budget -= 1
        if self._block is not None and kind != CONTINUATION:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "a header block was interrupted")
        if not self.ready and kind != SETTINGS:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "the first frame is not SETTINGS")
        if kind > CONTINUATION:
            # RFC 9113 section 4.1: unknown types are ignored.
            self.allowance.spend()
            return
        try:
            self._receivers[kind](flags, stream_id, payload)
        except StreamFault as fault:
            self._end_stream_for(fault)

    # -- frames, by type

    def _on_data(self, flags: int, stream_id: int, payload: bytes) -> None:
        end = bool(flags & END_STREAM)
        stream = self.streams.get(stream_id)
        try:
            if stream is None or stream.remote_ended:
                self._refuse_unexpected(stream, stream_id, "DATA", len(payload), end=end)
                return
            stream.receive_window -= len(payload)
            if stream.receive_window < 0:
                raise StreamFault(stream_id, ErrorCode.FLOW_CONTROL_ERROR)
            data = _unpadded(payload) if flags & PADDED else payload
            if not data and not end:
                self.allowance.spend()
            self._deliver(stream, data, len(payload), end=end)
        finally:
            # Whatever becomes of them, and after the answer as for a request that came whole.
            self._take_from_window(len(payload))

    def _on_headers(self, flags: int, stream_id: int, payload: bytes) -> None:
        block = _unpadded(payload) if flags & PADDED else payload
        dependency = None
        if flags & PRIORITIZED:
            if len(block) < _PRIORITY_BYTES:
                raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "HEADERS without its priority")
            dependency = int.from_bytes(block[:4], "big") & MAX_WINDOW
            block = block[_PRIORITY_BYTES:]
        if not stream_id & 1:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "HEADERS on a stream not the client's")
        started = HeaderBlock(stream_id, end_stream=bool(flags & END_STREAM))
        started.depends_on_itself = dependency == stream_id
        self._extend_block(started, block, end=bool(flags & END_HEADERS))

    def _on_continuation(self, flags: int, stream_id: int, payload: bytes) -> None:
        started = self._block
        if started is None or stream_id != started.stream_id:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "CONTINUATION of no header block")
        self.allowance.spend()
        self._extend_block(started, payload, end=bool(flags & END_HEADERS))

    def _on_priority(self, _flags: int, stream_id: int, payload: bytes) -> None:
        """Check a PRIORITY frame; priorities themselves are deprecated (RFC 9113 section 5.3)."""
        self.allowance.spend()
        if stream_id == 0:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "PRIORITY without a stream")
        if len(payload) != _PRIORITY_BYTES:
            raise StreamFault(stream_id, ErrorCode.FRAME_SIZE_ERROR)
        if int.from_bytes(payload[:4], "big") & MAX_WINDOW == stream_id:
            raise StreamFault(stream_id, ErrorCode.PROTOCOL_ERROR)

    def _on_rst_stream(self, _flags: int, stream_id: int, payload: bytes) -> None:
        if len(payload) != 4:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "RST_STREAM of a wrong length")
        if self._is_unused(stream_id):
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "RST_STREAM on an idle stream")
        stream = self.streams.pop(stream_id, None)
        if stream is None:
            self.allowance.spend()
            return
        # Before it is paid for, which may end the connection.
        self._lose(stream)
        if not self._is_honest_reset(stream):
            self.allowance.spend()

    def _on_settings(self, flags: int, stream_id: int, payload: bytes) -> None:
        if stream_id:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "SETTINGS on a stream")
        if flags & ACK:
            if payload:
                raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS ACK with a payload")
            if self.ready:
                self.allowance.spend()
                self._take_acknowledgement()
                return
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "the first frame is not SETTINGS")
        self.allowance.spend()
        # Each open stream's window may change.
        self._budget -= len(self.streams) // 8
        self.ready = True
        self.outbox.apply(payload, self.streams)

    def _on_push_promise(self, _flags: int, _stream_id: int, _payload: bytes) -> None:
        raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "PUSH_PROMISE from a client")

    def _on_ping(self, flags: int, stream_id: int, payload: bytes) -> None:
        if stream_id:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "PING on a stream")
        if len(payload) != 8:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "PING of a wrong length")
        self.allowance.spend()
        if flags & ACK:
            self.pongs += 1
        else:
            self.outbox.frames.append(ping_ack_frame(payload))

    def _on_goaway(self, _flags: int, stream_id: int, payload: bytes) -> None:
        """Let the peer's streams finish; it opens no more and closes the connection itself."""
        if stream_id:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "GOAWAY on a stream")
        if len(payload) < 8:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "GOAWAY of a wrong length")
        self.allowance.spend()

    def _on_window_update(self, _flags: int, stream_id: int, payload: bytes) -> None:
        if len(payload) != 4:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "WINDOW_UPDATE of a wrong length")
        self.allowance.spend()
        increment = int.from_bytes(payload, "big") & MAX_WINDOW
        if stream_id == 0:
            if not increment:
                raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE of 0")
            self.outbox.widen(increment)
            return
        if self._is_unused(stream_id):
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE on an idle stream")
        if not increment:
            raise StreamFault(stream_id, ErrorCode.PROTOCOL_ERROR)
        stream = self.streams.get(stream_id)
        if stream is not None:
            stream.send_window += increment
            if stream.send_window > MAX_WINDOW:
                raise StreamFault(stream_id, ErrorCode.FLOW_CONTROL_ERROR)
            self.outbox.resume(stream)

    # -- header blocks

    def _extend_block(self, started: HeaderBlock, part: bytes, *, end: bool) -> None:
        started.length += len(part)
        if started.length > self._max_block_bytes:
            raise ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "a header block is too large")
        started.parts.append(part)
        self._block = None if end else started
        if end:
            self._take_block(started, b"".join(started.parts))

    def _take_block(self, started: HeaderBlock, block: bytes) -> None:
        stream_id = started.stream_id
        stream = self.streams.get(stream_id)
        if stream_id <= self.last_stream_id:
            allowed = self._heads.decode_trailers(block)
            if stream is None or stream.remote_ended:
                self._refuse_unexpected(stream, stream_id, "HEADERS", end=started.end_stream)
            elif not (allowed and started.end_stream):
                raise StreamFault(stream_id, ErrorCode.PROTOCOL_ERROR)
            else:
                self._deliver(stream, b"", 0, end=True)
            return
        self._budget -= _REQUEST_TURN_COST
        if len(block) >= _LARGE_BLOCK:
            self.allowance.spend(len(block) // _LARGE_BLOCK)
        head, timeout = self._heads.decode(block)
        if self.draining:
            # RFC 9113 section 6.8: it was told that this stream would be ignored.
            return
        self._note_new(stream_id)
        if started.depends_on_itself:
            raise StreamFault(stream_id, ErrorCode.PROTOCOL_ERROR)
        self._open(stream_id, head, timeout, ended=started.end_stream)
        stream = self.streams.get(stream_id)
        if stream and started.end_stream:
            self._deliver(stream, b"", 0, end=True)

    def _note_new(self, stream_id: int) -> None:
        if stream_id > self.last_stream_id + 2:
            self._gaps.append(range(self.last_stream_id + 1, stream_id))
        self.last_stream_id = stream_id
        if not self._tableless and stream_id > _STREAMS_BEFORE_TABLELESS * 2:
            self._ask_for_blocks_without_table()

    # -- streams

    def _open(
        self, stream_id: int, head: Head, timeout: float | None, *, ended: bool = False
    ) -> None:
        """Open a stream for a request, which may be answered already, unless there are too many."""
        if head.malformed or (ended and head.content_length):
            raise StreamFault(stream_id, ErrorCode.PROTOCOL_ERROR)
        if self._is_full():
            self._meters.streams_refused += 1
            self.allowance.spend()
            self._send_reset(stream_id, ErrorCode.REFUSED_STREAM)
            return
        stream = self._new_stream(stream_id, head, timeout)
        stream.remote_ended = ended
        stream.receiver = self._application.open(stream)

    def _is_full(self) -> bool:
        """Say whether there are too many streams, or too much that the peer does not take."""
        return (
            len(self.streams) + self.lingering >= self._max_streams
            or self.outbox.unsent_bytes > self._max_unsent_bytes
        )

    def _new_stream(self, stream_id: int, head: Head, timeout: float | None) -> Stream[Head]:
        stream = Stream(
            stream_id,
            head,
            timeout,
            opened=self._clock(),
            receive_window=self._limits.stream_window,
            send_window=self.outbox.peer.initial_window,
        )
        self.streams[stream_id] = stream
        return stream

    def _deliver(self, stream: Stream[Head], data: bytes, taken: int, *, end: bool) -> None:
        """Pass on a piece of a request's body, which took so much of its window."""
        if data:
            stream.body_bytes += len(data)
            if len(data) >= _LARGE_BYTES:
                self.allowance.earn(DATA_EARNS)
        expected = stream.head.content_length
        if expected is not None and (
            stream.body_bytes > expected or (end and stream.body_bytes != expected)
        ):
            raise StreamFault(stream.id, ErrorCode.PROTOCOL_ERROR)
        if end:
            stream.remote_ended = True
        if taken > len(data):
            self.give_back(stream, taken - len(data))
        receiver = stream.receiver
        if receiver is None:
            self.give_back(stream, len(data))
            return
        if data:
            receiver.received(data)
        if end and stream.id in self.streams:
            receiver.ended()

    def _lose(self, stream: Stream[Head]) -> None:
        self.outbox.discard(stream)
        receiver, stream.receiver = stream.receiver, None
        if receiver:
            receiver.lost()

    def _end_stream_for(self, fault: StreamFault) -> None:
        if self._is_unused(fault.stream_id):
            # An idle stream cannot be reset (RFC 9113 section 6.4).
            raise ConnectionFault(fault.code, "a wrong frame on an idle stream")
        self._meters.stream_errors += 1
        self.allowance.spend()
        stream = self.streams.pop(fault.stream_id, None)
        if stream:
            self._lose(stream)
        self._send_reset(fault.stream_id, fault.code)

    def _send_reset(self, stream_id: int, code: ErrorCode) -> None:
        # A peer may not know yet that the window is smaller than the protocol's.
        self._resets[stream_id] = max(self._limits.stream_window, DEFAULT_WINDOW)
        if len(self._resets) > _REMEMBERED_RESETS:
            del self._resets[next(iter(self._resets))]
        self.outbox.frames.append(rst_stream_frame(stream_id, code))

    def _refuse_unexpected(
        self, stream: Stream[Head] | None, stream_id: int, kind: str, size: int = 0, *, end: bool
    ) -> None:
        """Answer DATA or HEADERS on a stream that does not take them (section 5.1)."""
        if stream is not None:
            raise StreamFault(stream_id, ErrorCode.STREAM_CLOSED)
        if self._is_unused(stream_id):
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, f"{kind} on an idle stream")
        if stream_id > self.last_stream_id:
            return
        if stream_id in self._resets:
            # It was on its way when the stream was reset: its end, or much, is no attack.
            self._resets[stream_id] -= size
            if self._resets[stream_id] < 0:
                raise ConnectionFault(
                    ErrorCode.FLOW_CONTROL_ERROR, "DATA beyond a reset stream's window"
                )
            if end:
                del self._resets[stream_id]
            elif size < _LARGE_BYTES:
                self.allowance.spend()
            return
        self.allowance.spend()
        if kind == "DATA":
            raise StreamFault(stream_id, ErrorCode.STREAM_CLOSED)
        if any(stream_id in gap for gap in self._gaps):
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "HEADERS on a skipped stream")
        raise ConnectionFault(ErrorCode.STREAM_CLOSED, "HEADERS on a closed stream")

    def _is_unused(self, stream_id: int) -> bool:
        """Say whether a stream is idle; those that a draining connection ignores are not."""
        return not stream_id & 1 or (stream_id > self.last_stream_id and not self.draining)

    def _is_honest_reset(self, stream: Stream[Head]) -> bool:
        """Say whether a client gave its call a while, or until its own deadline."""
        patience = _HONEST_SECONDS
        if stream.timeout is not None:
            patience = min(patience, max(stream.timeout * 0.9, _SHORTEST_DEADLINE))
        return self._clock() - stream.opened >= patience

    # -- the connection

    def _greet(self) -> None:
        limits = self._limits
        frames = self.outbox.frames
        frames.append(
            settings_frame(
                (
                    (settings.MAX_CONCURRENT_STREAMS, limits.max_concurrent_streams),
                    (settings.INITIAL_WINDOW_SIZE, limits.stream_window),
                    (settings.MAX_FRAME_SIZE, limits.max_frame_bytes),
                    (settings.MAX_HEADER_LIST_SIZE, limits.max_header_list_bytes),
                )
            )
        )
        if self._full_window > DEFAULT_WINDOW:
            frames.append(window_update_frame(0, self._full_window - DEFAULT_WINDOW))

    def _ask_for_blocks_without_table(self) -> None:
        """Ask a peer that makes many calls for header blocks that mean the same everywhere.

        Such blocks are the same for the same call, and are looked up instead of decoded. A peer
        of a few calls is not bothered.
        """
        self._tableless = True
        self._unacknowledged += 1
        self.outbox.frames.append(settings_frame(((settings.HEADER_TABLE_SIZE, 0),)))

    def _take_acknowledgement(self) -> None:
        self._unacknowledged -= 1
        if self._tableless and self._unacknowledged == 0:
            self._heads.settings_acknowledged()

    def _take_from_window(self, count: int) -> None:
        """Count DATA against the connection's window, and give it back soon.

        What a stream's receiver leaves unread is bounded by the stream's own window. This one
        is 64 KiB for the peer even if ours is less: that is what it starts with, and cannot be
        shrunk (section 6.9.2).
        """
        window = self._receive_window - count
        full = self._full_window
        if window * 2 < full:
            self.outbox.frames.append(window_update_frame(0, full - window))
            window = full
        self._receive_window = window

    def fail(self, fault: ConnectionFault) -> None:
        """End the connection for a fault of the peer, which is told."""
        if self.closed:
            return
        # Its frames would keep what was read last.
        self.fault = fault.with_traceback(None)
        self._meters.connection_errors += 1
        self.outbox.frames.append(goaway_frame(self.last_stream_id, fault.code, fault.reason))
        self.abandon()


def _unpadded(payload: bytes) -> bytes:
    """Return a payload without its padding (RFC 9113 sections 6.1 and 6.2)."""
    if not payload or payload[0] >= len(payload):
        raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "more padding than payload")
    return payload[1 : len(payload) - payload[0]]
