"""A scripted client of one connection: it sends bytes of its choice, and reads what comes back."""

import struct
from collections.abc import Mapping
from typing import Any

from bench.attacks import frames
from bench.attacks.frames import ACK, END_HEADERS, END_STREAM, PREFACE, Frame, FrameType, Setting
from bench.attacks.header_blocks import request
from pannier_server.transport.h2.http2.connection import Connection
from pannier_server.transport.h2.http2.errors import ErrorCode
from pannier_server.transport.h2.limits import Limits
from pannier_server.transport.h2.meters import Meters
from pannier_server.transport.h2.wire.heads import RequestHead, RequestHeadDecoder
from tests.transport.http2.application import RecordingApplication

LARGEST_WINDOW = frames.LARGEST_WINDOW
BLOCK = request(b"/a.B/C", b"host")
"""The header block of a request, which uses no table."""

NO_TABLE_PLEASE = Frame(FrameType.SETTINGS, 0, 0, struct.pack(">HI", Setting.HEADER_TABLE_SIZE, 0))


class SettableClock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Peer:
    """A client, and the server's end of its connection.

    Attributes:
        connection: The server's end.
        application: What serves its requests.
        limits: What the server allows.
        meters: What the server counts.
        clock: The time as the server sees it.
        timer: The time that the server ends its turns by.
    """

    def __init__(
        self,
        *,
        settings: Mapping[int, int] | None = None,
        greet: bool = True,
        application: RecordingApplication | None = None,
        **limits: Any,
    ) -> None:
        """Connect; the greetings of both sides are over unless told otherwise.

        Args:
            settings: What the client's SETTINGS say.
            greet: Whether the client sends its preface, its SETTINGS and its acknowledgement.
            application: What serves the requests; by default it notes them, and does not answer.
            **limits: Fields of `Limits`.
        """
        self.limits = Limits(**limits)
        self.meters = Meters()
        self.clock = SettableClock()
        self.timer = SettableClock()
        self.application = application or RecordingApplication()
        self.connection: Connection[RequestHead] = Connection(
            self.application,
            RequestHeadDecoder(self.limits, self.meters),
            limits=self.limits,
            meters=self.meters,
            clock=self.clock,
            timer=self.timer,
        )
        self.application.connection = self.connection
        if greet:
            self.send(
                PREFACE, frames.settings(settings), frames.frame(FrameType.SETTINGS, flags=ACK)
            )

    @property
    def outbox(self) -> Any:
        return self.connection.outbox

    def send(self, *sent: bytes) -> list[Frame]:
        """Send bytes in one piece, and return the frames that come back, over all turns."""
        self.connection.receive(b"".join(sent))
        while self.connection.cut:
            self.connection.proceed()
        return self.received()

    def received(self) -> list[Frame]:
        """Return the frames that the server has written since the last time.

        All but the one that asks a client of several calls for blocks without a table.
        """
        return [frame for frame in read(self.written()) if frame != NO_TABLE_PLEASE]

    def written(self) -> bytes:
        """Return the bytes that the server has written since the last time."""
        written = b"".join(self.outbox.frames)
        self.outbox.frames.clear()
        return written

    def open(self, stream: int = 1, *, end: bool = False, block: bytes = BLOCK) -> list[Frame]:
        """Send a request's head, and its end where there is no body."""
        return self.send(headers(stream, block, end=end))

    def fault_after(self, *sent: bytes) -> ErrorCode:
        """Send what ends the connection, and return the code that the server gives for it."""
        received = self.send(*sent)
        assert self.connection.closed, f"the connection goes on: {received}"
        assert received[-1].kind == FrameType.GOAWAY
        return ErrorCode(goaway(received[-1])[1])

    def reset_after(self, *sent: bytes) -> tuple[int, ErrorCode]:
        """Send what ends one stream, and return which, and the code that the server gives."""
        received = self.send(*sent)
        assert not self.connection.closed, f"the connection is over: {self.connection.fault}"
        (frame,) = [frame for frame in received if frame.kind == FrameType.RST_STREAM]
        return frame.stream, ErrorCode(int.from_bytes(frame.payload, "big"))

    def assert_serves(self, stream: int) -> None:
        """Show that the connection is well: it takes a new stream."""
        assert not self.connection.closed, self.connection.fault
        before = len(self.application.requests)
        assert self.send(headers(stream, BLOCK, end=True)) == []
        assert len(self.application.requests) == before + 1
        assert self.application.requests[-1].head.path == "/a.B/C"


def read(data: bytes) -> list[Frame]:
    """Return the whole frames that bytes consist of."""
    buffer = bytearray(data)
    read_frames = list(frames.take_frames(buffer))
    assert not buffer, "the last frame is not whole"
    return read_frames


def headers(stream: int, block: bytes = BLOCK, *, end: bool = False) -> bytes:
    """Return a whole header block in one frame."""
    return frames.headers(stream, block, END_HEADERS | (END_STREAM if end else 0))


def continuation(stream: int, part: bytes, flags: int = END_HEADERS) -> bytes:
    """Return more of a header block; by default its end."""
    return frames.frame(FrameType.CONTINUATION, stream, part, flags)


def data(stream: int, payload: bytes = b"", *, end: bool = False) -> bytes:
    """Return a DATA frame."""
    return frames.data(stream, payload, END_STREAM if end else 0)


def padded(kind: int, stream: int, payload: bytes, padding: int, flags: int = 0) -> bytes:
    """Return a frame with so many bytes of padding (RFC 9113 sections 6.1 and 6.2)."""
    body = bytes((padding,)) + payload + bytes(padding)
    return frames.frame(kind, stream, body, flags | frames.PADDED)


def call(stream: int, body: bytes = b"", block: bytes = BLOCK) -> bytes:
    """Return a request in two frames, as clients send unary calls."""
    return headers(stream, block) + data(stream, body, end=True)


def initial_window(size: int) -> dict[int, int]:
    """Return the setting of the window that streams start with."""
    return {Setting.INITIAL_WINDOW_SIZE: size}


def goaway(frame: Frame) -> tuple[int, int]:
    """Return the last stream and the code of a GOAWAY."""
    last, code = struct.unpack_from(">II", frame.payload)
    return last, code


def increments(received: list[Frame], stream: int = 0) -> int:
    """Return by how much WINDOW_UPDATEs widen a window in all."""
    return sum(
        int.from_bytes(frame.payload, "big")
        for frame in received
        if frame.kind == FrameType.WINDOW_UPDATE and frame.stream == stream
    )
