"""The least of a gRPC client: one connection on bare sockets that makes unary calls."""

import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import hpack

from bench.attacks import frames
from bench.attacks.attack import Target, greeting
from bench.attacks.frames import ACK, DEFAULT_WINDOW, LARGEST_WINDOW, Frame, FrameType, Setting

READ_BYTES = 65_536
STATUSES = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)
TIME_LIMIT = 5.0
"""Seconds after which a call without an answer has failed."""
CONNECTION_LOST = "connection lost"


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        due: When it was to start, by the machine's monotonic clock.
        fresh: Whether it opens a connection of its own.
    """

    due: float
    fresh: bool


class CallingConnection:
    """A connection whose calls end with a word: a status' name, or what happened instead."""

    def __init__(self, address: tuple[str, int], ended: Callable[[Call, str], None]) -> None:
        """Begin to connect; ``ended`` is told of each call's end."""
        self.socket = socket.socket(type=socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex(address)
        self.usable = True
        """Whether calls may be started on it."""
        self._ended = ended
        self._calls: dict[int, Call] = {}
        self._next_stream = 1
        self._in = bytearray()
        # Without a dynamic table each header block stands for itself and decodes to the
        # same wherever it comes.
        settings: dict[int, int] = {
            Setting.HEADER_TABLE_SIZE: 0,
            Setting.ENABLE_PUSH: 0,
            Setting.INITIAL_WINDOW_SIZE: LARGEST_WINDOW,
        }
        window = frames.window_update(0, LARGEST_WINDOW - DEFAULT_WINDOW)
        self._out = bytearray(greeting(window, settings=settings).data)

    @property
    def wants_to_send(self) -> bool:
        """Whether the socket has not taken all bytes yet."""
        return bool(self._out)

    @property
    def calls(self) -> int:
        """How many calls are running."""
        return len(self._calls)

    def start(self, call: Call, target: Target) -> int:
        """Send a call, and return its stream."""
        stream = self._next_stream
        self._next_stream += 2
        self._calls[stream] = call
        self._out += target.call(stream)
        self.send()
        return stream

    def give_up(self, stream: int, why: str) -> None:
        """End a call that runs, if it still does."""
        if stream in self._calls:
            self._out += frames.rst_stream(stream)
            self.send()
            self._end(stream, why)

    def send(self) -> None:
        """Send what the socket takes."""
        try:
            del self._out[: self.socket.send(self._out)]
        except BlockingIOError:
            return
        except OSError:
            self.close()

    def receive(self) -> None:
        """Read what has come, and end the calls that it ends."""
        try:
            received = self.socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        if not received:
            self.close()
            return
        self._in += received
        for frame in frames.take_frames(self._in):
            self._take(frame)
        if self._out:
            self.send()

    def close(self) -> None:
        """Close it; calls that run are lost."""
        self.usable = False
        self.socket.close()
        for stream in list(self._calls):
            self._end(stream, CONNECTION_LOST)

    def _take(self, frame: Frame) -> None:
        if frame.kind == FrameType.SETTINGS and not frame.flags & ACK:
            self._out += frames.frame(FrameType.SETTINGS, flags=ACK)
        elif frame.kind == FrameType.PING and not frame.flags & ACK:
            self._out += frames.ping(frame.payload, ACK)
        elif frame.kind == FrameType.GOAWAY:
            self.usable = False
        elif frame.stream in self._calls and frame.ends_stream:
            self._end(frame.stream, _outcome(frame))

    def _end(self, stream: int, outcome: str) -> None:
        self._ended(self._calls.pop(stream), outcome)


def _outcome(last: Frame) -> str:
    """Say how a call ended, by the frame that ended its stream."""
    if last.kind == FrameType.RST_STREAM:
        code = struct.unpack(">I", last.payload)[0]
        return f"RST_STREAM {frames.ErrorCode(code).name}"
    if last.kind == FrameType.DATA:
        return "no trailers"
    return _status(last.payload)


@lru_cache(maxsize=256)
def _status(block: bytes) -> str:
    fields = dict(hpack.Decoder().decode(block, raw=True))
    if b"grpc-status" in fields:
        return STATUSES[int(fields[b"grpc-status"])]
    return f"HTTP {fields.get(b':status', b'?').decode()}"
