"""Cuts what a peer sends into frames, no more of them at a time than fit a turn of the loop.

Bytes go into `FrameReader.receive`, however they are cut, and frames come out. What is
left when a turn is over waits for `FrameReader.proceed`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

from pannier_server.transport.h2.http2.errors import ConnectionFault, ErrorCode
from pannier_server.transport.h2.http2.frames import (
    DATA,
    END_HEADERS,
    END_STREAM,
    FRAME_HEADER,
    HEADER_BYTES,
    HEADERS,
    MAX_WINDOW,
    PREFACE,
)
from pannier_server.transport.h2.http2.outbox import Outbox
from pannier_server.transport.h2.limits import Limits
from pannier_server.transport.h2.meters import Meters

# So long after a turn that was too short for it a connection waits in the queue at once.
_HEAVY_SECONDS: Final = 1.0


class HeaderBlock:
    """A header block of which CONTINUATION frames are still to come."""

    __slots__ = ("depends_on_itself", "end_stream", "length", "parts", "stream_id")

    def __init__(self, stream_id: int, *, end_stream: bool) -> None:
        """Begin the block of a stream, which ends with it where ``end_stream`` is True."""
        self.stream_id = stream_id
        self.end_stream = end_stream
        self.depends_on_itself = False
        self.parts: list[bytes] = []
        self.length = 0


class FrameReader(ABC):
    """The receiving end of a connection, up to whole frames.

    Attributes:
        outbox: What is to be written.
        last_stream_id: The newest stream of the peer.
        ready: The peer's preface has come.
        draining: No new streams are taken.
        closed: The connection is over: write what is in the outbox, then close.
        cut: The turn's budget is used up; call `proceed` in the next turn.
        hurried: A turn is one frame or one request long, because others wait.
    """

    def __init__(
        self,
        outbox: Outbox,
        *,
        limits: Limits,
        meters: Meters,
        clock: Callable[[], float],
        timer: Callable[[], float],
    ) -> None:
        """Wait for the peer's preface; `Connection` says what is what."""
        self.outbox = outbox
        self.last_stream_id = 0
        self.ready = False
        self.draining = False
        self.closed = False
        self.cut = False
        self.hurried = False
        self._limits = limits
        self._meters = meters
        self._clock = clock
        self._timer = timer
        self._turn_end = 0.0
        self._turn_window = 0
        self._last_cut = -_HEAVY_SECONDS
        self._greeted = False
        self._partial = bytearray()
        self._wanted = len(PREFACE)
        self._unread = b""
        self._position = 0
        self._budget = 0
        self._block: HeaderBlock | None = None
        self._max_whole_body = min(limits.max_frame_bytes, limits.stream_window)

    @abstractmethod
    def fail(self, fault: ConnectionFault) -> None:
        """End the connection for a fault of the peer, which is told."""

    @abstractmethod
    def _whole_request(self, stream_id: int, block: bytes, body: bytes) -> None:
        """Serve a request that came in two whole frames, one after the other."""

    @abstractmethod
    def _frame(self, kind: int, flags: int, stream_id: int, payload: bytes) -> None:
        """Take any other frame.

        Raises:
            ConnectionFault: The connection cannot go on.
        """

    @property
    def is_heavy(self) -> bool:
        """Say whether it is new, or had lately more to be handled than fits a turn."""
        return not self.ready or self._clock() - self._last_cut < _HEAVY_SECONDS

    def hold(self, data: bytes) -> None:
        """Keep bytes from the peer for a later turn, which `proceed` begins."""
        if self.closed:
            return
        if self._partial:
            data = bytes(self._partial) + data
            self._partial.clear()
        self._unread = self._unread[self._position :] + data if self._unread else data
        self._position = 0
        self.cut = True

    def stop_reading(self) -> None:
        """Take no more, and forget what is unread."""
        self.closed = True
        self.cut = False
        self._unread = b""

    def receive(self, data: bytes) -> None:
        """Take bytes from the peer, however they are cut."""
        if self.closed:
            return
        if self._unread:
            # The turn before this one was cut, and its reader did not pause in time.
            self._unread = self._unread[self._position :] + data
            self._position = 0
            return
        if self._partial:
            # A bytearray grows in place: a frame that comes a byte at a time stays cheap.
            self._partial += data
            if len(self._partial) < self._wanted:
                return
            data = bytes(self._partial)
            self._partial.clear()
        self._handle(data)

    def proceed(self) -> None:
        """Go on with what a turn's budget has left unread."""
        data, self._unread = self._unread, b""
        if not self.closed:
            self._handle(data, self._position)

    def _handle(self, data: bytes, position: int = 0) -> None:
        self.cut = False
        self._budget = self._limits.turn_budget
        self._turn_end = 0.0
        self._turn_window = self.outbox.window - self._limits.write_buffer_bytes
        try:
            position = self._frames(data, position) if self._greeted else self._preface(data)
        except ConnectionFault as fault:
            self.fail(fault)
            return
        rest = len(data) - position
        if not rest or self.closed:
            return
        if self.cut:
            # The rest is not copied: there may be thousands of turns in it.
            self._unread, self._position = data, position
        else:
            self._partial += memoryview(data)[position:]

    def _preface(self, data: bytes) -> int:
        start = data[: len(PREFACE)]
        if not PREFACE.startswith(start):
            self._meters.handshakes_failed += 1
            raise ConnectionFault(
                ErrorCode.PROTOCOL_ERROR, "the connection preface is not HTTP/2's"
            )
        if len(start) < len(PREFACE):
            # What cannot be one any more is to be seen at its first wrong byte.
            self._wanted = len(start) + 1
            return 0
        self._greeted = True
        return self._frames(data, len(PREFACE))

    def _frames(self, data: bytes, position: int) -> int:
        """Handle whole frames from a position on, and return where the rest begins.

        The first branch is the common call: a request in two frames that came together.
        Serving it here, without opening a stream and dispatching two frames, saves a
        third of what a call costs this process beside its handler.
        """
        size = len(data)
        unpack = FRAME_HEADER.unpack_from
        max_frame = self._limits.max_frame_bytes
        max_body = self._max_whole_body
        while size - position >= HEADER_BYTES:
            high, low, kind, flags, stream_id = unpack(data, position)
            length = high << 8 | low
            start = position + HEADER_BYTES
            end = start + length
            if kind == HEADERS and flags == END_HEADERS and size - end >= HEADER_BYTES:
                high, low, next_kind, next_flags, next_id = unpack(data, end)
                body_length = high << 8 | low
                body_end = end + HEADER_BYTES + body_length
                if (
                    next_kind == DATA
                    and next_flags == END_STREAM
                    and next_id == stream_id
                    and body_end <= size
                    and length <= max_frame
                    and body_length <= max_body
                    and stream_id > self.last_stream_id
                    and stream_id & 1
                    and self.ready
                    and self._block is None
                    and not self.draining
                ):
                    self._whole_request(
                        stream_id, data[start:end], data[end + HEADER_BYTES : body_end]
                    )
                    position = body_end
                    if position < size and self._is_turn_over():
                        return position
                    continue
            if length > max_frame:
                raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "a frame is too large")
            if end > size:
                self._wanted = end - position
                return position
            self._frame(kind, flags, stream_id & MAX_WINDOW, data[start:end])
            position = end
            if position < size and self._is_turn_over():
                return position
        self._wanted = HEADER_BYTES
        return position

    def _is_turn_over(self) -> bool:
        """Say whether the turn ends although there is more, so that other connections get theirs.

        Its time begins with the second frame: most reads have one request, and need no timer.
        Large answers end it too: before more are made the peer is to read them.
        """
        if self._budget > 0 and self.outbox.window >= self._turn_window and not self.hurried:
            now = self._timer()
            if not self._turn_end:
                self._turn_end = now + self._limits.turn_seconds
            if now <= self._turn_end:
                return False
        if not self.hurried:
            self._last_cut = self._clock()
        self.cut = True
        self._meters.turns_cut += 1
        return True
