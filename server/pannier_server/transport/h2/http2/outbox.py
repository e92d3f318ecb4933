"""The sending half of a connection: frames in order, within the peer's windows.

Streams that have something to send take turns, a frame each, so that a large answer does
not hold up a small one.
"""

from collections.abc import Callable
from typing import Any

from pannier_server.transport.h2.http2.errors import ConnectionFault, ErrorCode
from pannier_server.transport.h2.http2.frames import (
    CONTINUATION,
    DATA,
    DEFAULT_TABLE,
    DEFAULT_WINDOW,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    MAX_WINDOW,
    SETTINGS_ACK,
    frame,
    frame_header,
)
from pannier_server.transport.h2.http2.settings import PeerSettings
from pannier_server.transport.h2.http2.stream import Stream

AnyStream = Stream[Any]

# What the peer earns (see `Allowance`) by an answer: a client that cancels 19 calls of 20 is
# welcome. A DATA frame earns the window updates and pings about it, but not a tiny one: such
# come of a peer that opens its window a byte at a time.
ANSWER_EARNS = 20
_FRAME_EARNS = 2
_FAIR_FRAME_BYTES = 1024
# A table size update of HPACK (RFC 7541 section 6.3). Our header blocks need no table, but a
# peer that wants a smaller one than usual must be told (section 4.2): once, as none is smaller.
_NO_TABLE = b"\x20"


class Outbox:
    """What is to be written to the peer.

    Attributes:
        frames: Bytes that can be written now.
        peer: The peer's settings.
        window: What may be sent on all streams together, in bytes.
        congested: The peer does not read what was written; only what must be is sent.
        unsent_bytes: Bytes that wait for windows, of all streams.
    """

    __slots__ = (
        "_finished",
        "_has_no_table",
        "_progress",
        "_waiting",
        "congested",
        "frames",
        "peer",
        "unsent_bytes",
        "whole_limit",
        "window",
    )

    def __init__(self, finished: Callable[[AnyStream], None]) -> None:
        """Take what is called with each stream whose answer is complete."""
        self.frames: list[bytes | memoryview] = []
        self.peer = PeerSettings()
        self.window = DEFAULT_WINDOW
        self.whole_limit = DEFAULT_WINDOW
        self.congested = False
        self.unsent_bytes = 0
        self._progress = 0
        self._has_no_table = False
        self._finished = finished
        # Streams with something to send and a window for it, in turn; a dict is an ordered set.
        self._waiting: dict[AnyStream, None] = {}
        self._set_whole_limit()

    def claim(self, length: int) -> bool:
        """Take ``length`` bytes from the windows for the only DATA frame of a new stream.

        Returns whether a single frame of that length can be sent now.
        """
        if length > self.whole_limit or length > self.window or self.congested:
            return False
        self.window -= length
        self._progress += ANSWER_EARNS
        return True

    def take_progress(self) -> int:
        """Return how many frames that bring nothing the peer has earned since the last time."""
        progress, self._progress = self._progress, 0
        return progress

    @property
    def progress(self) -> int:
        """What `take_progress` would return."""
        return self._progress

    def headers(self, stream: AnyStream, block: bytes) -> None:
        """Send a header block that does not end the stream; nothing may be unsent."""
        self._send_block(0, stream.id, block)

    def data(self, stream: AnyStream, *pieces: bytes) -> None:
        """Send a part of the body, now as far as the windows let it, and the rest later."""
        for piece in pieces:
            if piece:
                stream.unsent.append(piece)
                stream.unsent_bytes += len(piece)
                self.unsent_bytes += len(piece)
        self.resume(stream)

    def end(self, stream: AnyStream, trailers: bytes) -> None:
        """Send the trailers once everything before them has left; b"" for an end without any."""
        stream.trailers = trailers
        if not stream.unsent:
            self._send_end(stream)

    def head_only(self, stream_id: int, block: bytes, *, is_refusal: bool = False) -> None:
        """Send a header block that is the whole answer."""
        self._send_block(END_STREAM, stream_id, block)
        if not is_refusal:
            self._progress += ANSWER_EARNS

    def _send_block(self, flags: int, stream_id: int, block: bytes) -> None:
        """Send a header block, in several frames where it is larger than the peer takes."""
        if self._owes_table_size:
            self._has_no_table = True
            self._set_whole_limit()
            block = _NO_TABLE + block
        size = self.peer.max_frame
        if len(block) <= size:
            self.frames.append(frame(HEADERS, flags | END_HEADERS, stream_id, block))
            return
        self.frames.append(frame(HEADERS, flags, stream_id, block[:size]))
        for start in range(size, len(block), size):
            end_headers = END_HEADERS if start + size >= len(block) else 0
            part = block[start : start + size]
            self.frames.append(frame(CONTINUATION, end_headers, stream_id, part))

    def discard(self, stream: AnyStream) -> None:
        """Forget what a stream wanted to send."""
        self.unsent_bytes -= stream.unsent_bytes
        stream.unsent_bytes = 0
        stream.unsent.clear()
        self._waiting.pop(stream, None)

    def widen(self, increment: int) -> None:
        """Take a WINDOW_UPDATE of the connection.

        Raises:
            ConnectionFault: The window would pass 2^31 - 1 (RFC 9113 section 6.9.1).
        """
        self.window += increment
        if self.window > MAX_WINDOW:
            raise ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, "the window is too large")
        self.pump()

    def apply(self, payload: bytes, streams: dict[int, AnyStream]) -> None:
        """Take the peer's SETTINGS, which change the windows of open streams too.

        Raises:
            ConnectionFault: A value is not allowed, or makes a window too large.
        """
        before = self.peer.initial_window
        self.peer.update(payload)
        self._set_whole_limit()
        # Before anything that the new settings let go (RFC 9113 section 6.5.3).
        self.frames.append(SETTINGS_ACK)
        change = self.peer.initial_window - before
        if not change:
            return
        for stream in streams.values():
            stream.send_window += change
            if stream.send_window > MAX_WINDOW:
                raise ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, "a window is too large")
            if stream.send_window <= 0:
                self._waiting.pop(stream, None)
            elif stream.unsent:
                self._waiting[stream] = None
        self.pump()

    def resume(self, stream: AnyStream) -> None:
        """Send what a stream has, after its window grew or it got more to send."""
        if stream.unsent and stream.send_window > 0:
            self._waiting[stream] = None
            self.pump()

    def pump(self) -> None:
        """Send what the windows allow, each stream a frame in turn."""
        waiting = self._waiting
        while waiting and self.window > 0 and not self.congested:
            stream = next(iter(waiting))
            del waiting[stream]
            self._send_frame(stream)
            if not stream.unsent:
                self._emptied(stream)
            elif stream.send_window > 0:
                waiting[stream] = None

    def _send_frame(self, stream: AnyStream) -> None:
        """Send one DATA frame, of several pieces where they are small."""
        room = min(self.window, stream.send_window, self.peer.max_frame)
        unsent = stream.unsent
        pieces: list[bytes | memoryview] = []
        length = 0
        while unsent and length < room:
            piece = unsent.popleft()
            if len(piece) > room - length:
                view = memoryview(piece)
                unsent.appendleft(view[room - length :])
                piece = view[: room - length]
            pieces.append(piece)
            length += len(piece)
        self.frames.append(frame_header(length, DATA, 0, stream.id))
        self.frames.extend(pieces)
        self.window -= length
        self.unsent_bytes -= length
        stream.send_window -= length
        stream.unsent_bytes -= length
        stream.stalled_since = None
        if length >= _FAIR_FRAME_BYTES or not unsent:
            self._progress += _FRAME_EARNS

    def _emptied(self, stream: AnyStream) -> None:
        if stream.trailers is not None:
            self._send_end(stream)
        elif stream.receiver:
            stream.receiver.writable()

    def _send_end(self, stream: AnyStream) -> None:
        if stream.trailers:
            self.head_only(stream.id, stream.trailers)
        else:
            self.frames.append(frame(DATA, END_STREAM, stream.id, b""))
        self._finished(stream)

    @property
    def _owes_table_size(self) -> bool:
        return self.peer.smallest_table < DEFAULT_TABLE and not self._has_no_table

    def _set_whole_limit(self) -> None:
        if self._owes_table_size:
            # Only `_send_block` says it.
            self.whole_limit = -1
        else:
            self.whole_limit = min(self.peer.max_frame, self.peer.initial_window)
