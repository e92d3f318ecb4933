"""An HTTP/2 client that does exactly what a test says, right or wrong."""

import asyncio
import socket
import ssl
import struct
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import hpack

from bench.attacks import frames, header_blocks
from bench.attacks.frames import ACK, END_HEADERS, END_STREAM, ErrorCode, Frame, FrameType, Setting
from tests.transport.serving.servers import SECONDS, path, pieces

NO_LINGER = struct.pack("ii", 1, 0)
WIDE: dict[str, Any] = {"window": frames.LARGEST_WINDOW, "receive_buffer": 4_096}
"""A client that may be sent anything, and for which the kernel keeps little."""


class Closed(Exception):
    """The server has closed the connection."""


@dataclass(slots=True)
class Answer:
    """What came on a stream.

    Attributes:
        headers: The fields of all its header blocks.
        body: The bytes of all its DATA frames.
        ended: Its last frame had END_STREAM.
        reset: The code of its RST_STREAM, None without one.
    """

    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    ended: bool = False
    reset: int | None = None

    @property
    def status(self) -> int | None:
        """The gRPC status; None where there was none."""
        code = self.headers.get("grpc-status")
        return None if code is None else int(code)

    @property
    def message(self) -> str:
        """The message of the status."""
        return self.headers.get("grpc-message", "")

    @property
    def messages(self) -> list[bytes]:
        """The messages of the body."""
        found, rest = [], bytes(self.body)
        while rest:
            length = int.from_bytes(rest[1:5], "big")
            found.append(rest[5 : 5 + length])
            rest = rest[5 + length :]
        return found


def request_block(method: str, timeout: str | None = None, **more: str) -> bytes:
    """Return the header block of a call, with a ``grpc-timeout`` and more fields at its end."""
    fields = {"grpc-timeout": timeout} if timeout else {}
    fields |= {name.replace("_", "-"): value for name, value in more.items()}
    encoded = (header_blocks.literal(k.encode(), v.encode()) for k, v in fields.items())
    return header_blocks.request(path(method).encode(), b"localhost", *encoded)


def call(
    stream: int, method: str = "Echo", message: bytes = b"hello", timeout: str | None = None
) -> bytes:
    """Return the two frames of a unary call."""
    return frames.headers(stream, request_block(method, timeout)) + frames.data(
        stream, frames.message(message), END_STREAM
    )


class Client:
    """A connection to a server: bytes go out as they are given, frames come in when asked for."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.answers: dict[int, Answer] = defaultdict(Answer)
        self.seen: list[Frame] = []
        self.server_settings: dict[int, int] = {}
        self.answers_pings = True
        self._buffer = bytearray()
        self._unseen: deque[Frame] = deque()
        self._decoder = hpack.Decoder()
        self._next_stream = 1
        self._pings = 0

    # -- out

    def send(self, *data: bytes) -> None:
        """Send bytes."""
        self.writer.write(b"".join(data))

    def greet(self, settings: Mapping[int, int] | None = None) -> None:
        """Send the preface and SETTINGS."""
        self.send(frames.PREFACE, frames.settings(settings))

    def next_stream(self) -> int:
        """Return the number of the next stream."""
        self._next_stream += 2
        return self._next_stream - 2

    def start(self, method: str = "Echo", timeout: str | None = None, **more: str) -> int:
        """Send the head of a call, and return its stream."""
        stream = self.next_stream()
        self.send(frames.headers(stream, request_block(method, timeout, **more)))
        return stream

    def call(
        self, method: str = "Echo", message: bytes = b"hello", timeout: str | None = None
    ) -> int:
        """Send a whole unary call, and return its stream."""
        stream = self.next_stream()
        self.send(call(stream, method, message, timeout))
        return stream

    def send_body(self, stream: int, body: bytes, *, end: bool = False) -> None:
        """Send bytes of a request in frames of the largest size."""
        for piece in pieces(body, frames.LARGEST_FRAME):
            self.send(frames.data(stream, piece))
        if end:
            self.send(frames.data(stream, flags=END_STREAM))

    def close(self) -> None:
        """Close the connection."""
        self.writer.close()

    def abort(self) -> None:
        """Break the connection off, with a RST; once it is closed do nothing."""
        if self.writer.transport.is_closing():
            return
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self.writer.transport.abort()

    # -- in

    async def frame(self) -> Frame:
        """Return the next frame.

        Raises:
            Closed: There is none.
        """
        while not self._unseen:
            try:
                data = await self.reader.read(65_536)
            except ConnectionError as error:
                raise Closed from error
            if not data:
                raise Closed
            self._buffer += data
            self._unseen.extend(frames.take_frames(self._buffer))
        found = self._unseen.popleft()
        self._note(found)
        return found

    async def answer(self, stream: int) -> Answer:
        """Return what comes on a stream, up to its end."""
        answer = self.answers[stream]
        async with asyncio.timeout(SECONDS):
            while not answer.ended and answer.reset is None:
                await self.frame()
        return answer

    async def round_trip(self) -> None:
        """Return once the server has seen all that was sent before."""
        self._pings += 1
        opaque = struct.pack(">Q", self._pings)
        self.send(frames.ping(opaque))
        await self.until(FrameType.PING, opaque)

    async def until(self, kind: FrameType, payload: bytes | None = None) -> Frame:
        """Return the next frame of a kind, with a payload where one is given."""
        async with asyncio.timeout(SECONDS):
            while True:
                found = await self.frame()
                if found.kind == kind and payload in {None, found.payload}:
                    return found

    async def until_closed(self) -> list[Frame]:
        """Return what comes until the server closes the connection."""
        start = len(self.seen)
        async with asyncio.timeout(SECONDS):
            try:
                while True:
                    await self.frame()
            except Closed:
                return self.seen[start:]

    def _note(self, found: Frame) -> None:
        self.seen.append(found)
        answer = self.answers[found.stream]
        if found.kind == FrameType.HEADERS:
            assert found.flags & END_HEADERS
            answer.headers |= {str(k): str(v) for k, v in self._decoder.decode(found.payload)}
        elif found.kind == FrameType.DATA:
            answer.body += found.payload
        elif found.kind == FrameType.RST_STREAM:
            answer.reset = int.from_bytes(found.payload, "big")
        elif found.kind == FrameType.SETTINGS and not found.flags & ACK:
            self.server_settings |= frames.setting_values(found.payload)
            self.send(frames.frame(FrameType.SETTINGS, flags=ACK))
        elif found.kind == FrameType.PING and not found.flags & ACK and self.answers_pings:
            self.send(frames.ping(found.payload, ACK))
        if found.kind in {FrameType.HEADERS, FrameType.DATA} and found.flags & END_STREAM:
            answer.ended = True


def goaways(found: list[Frame]) -> list[tuple[int, ErrorCode]]:
    """Return the last stream and the code of each GOAWAY."""
    codes = (struct.unpack_from(">II", each.payload) for each in found if each.kind == 7)
    return [(last, ErrorCode(code)) for last, code in codes]


@asynccontextmanager
async def connected(
    port: int,
    *,
    settings: Mapping[int, int] | None = None,
    window: int | None = None,
    receive_buffer: int | None = None,
    greets: bool = True,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Client]:
    """Connect to a server for the body of a with.

    Args:
        port: Where it listens on 127.0.0.1.
        settings: What to say in SETTINGS.
        window: What the server may send on the connection and on each stream; by default
            what HTTP/2 says.
        receive_buffer: Bytes that the kernel keeps for the client, where it does not read.
        greets: Send the preface and SETTINGS.
        tls: Whom to trust, where the server has TLS.
    """
    sock = socket.socket(proto=socket.IPPROTO_TCP)  # asyncio sends at once by that
    sock.setblocking(False)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    hostname = "127.0.0.1" if tls else None
    streams = await asyncio.open_connection(sock=sock, ssl=tls, server_hostname=hostname)
    client = Client(*streams)
    wide: dict[int, int] = {} if window is None else {Setting.INITIAL_WINDOW_SIZE: window}
    if greets:
        client.greet({**wide, **(settings or {})})
        if window is not None and window > frames.DEFAULT_WINDOW:
            client.send(frames.window_update(0, window - frames.DEFAULT_WINDOW))
    try:
        yield client
    finally:
        client.abort()
