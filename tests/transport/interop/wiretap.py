"""A relay that notes which gRPC messages go over the wire, compressed or not.

It reads HTTP/2's frames (RFC 9113, sections 4.1 and 6.1) itself, so that what it says
rests on none of the libraries under test.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FRAME_HEADER_BYTES = 9
MESSAGE_HEADER_BYTES = 5
DATA_FRAME = 0
PADDED = 0x8


@dataclass(frozen=True)
class Message:
    """One length-prefixed message: its flag, and its bytes as they went over the wire."""

    compressed: bool
    data: bytes


class MessageReader:
    """Finds the messages in one direction of a connection."""

    def __init__(self, preface: bytes = b"") -> None:
        """Read a direction that starts with ``preface``, which is left out."""
        self.messages: list[Message] = []
        self._unread = bytearray()
        self._preface_left = len(preface)
        self._streams: defaultdict[int, bytearray] = defaultdict(bytearray)

    def feed(self, data: bytes) -> None:
        """Take the next bytes, and add the messages that they complete to `messages`."""
        skipped = min(self._preface_left, len(data))
        self._preface_left -= skipped
        self._unread += data[skipped:]
        for stream, payload in self._data_frames():
            self._streams[stream] += payload
            self.messages += _take_messages(self._streams[stream])

    def _data_frames(self) -> Iterator[tuple[int, bytes]]:
        while len(self._unread) >= FRAME_HEADER_BYTES:
            length = int.from_bytes(self._unread[:3])
            if len(self._unread) < FRAME_HEADER_BYTES + length:
                return
            kind, flags = self._unread[3], self._unread[4]
            stream = int.from_bytes(self._unread[5:FRAME_HEADER_BYTES])
            payload = bytes(self._unread[FRAME_HEADER_BYTES : FRAME_HEADER_BYTES + length])
            del self._unread[: FRAME_HEADER_BYTES + length]
            if kind == DATA_FRAME:
                yield stream, payload[1 : length - payload[0]] if flags & PADDED else payload


def _take_messages(unread: bytearray) -> Iterator[Message]:
    while len(unread) >= MESSAGE_HEADER_BYTES:
        end = MESSAGE_HEADER_BYTES + int.from_bytes(unread[1:MESSAGE_HEADER_BYTES])
        if len(unread) < end:
            return
        yield Message(bool(unread[0]), bytes(unread[MESSAGE_HEADER_BYTES:end]))
        del unread[:end]


class Wiretap:
    """The relay: clients connect to `port`, and are passed on to the server.

    Attributes:
        port: Where it listens, on 127.0.0.1.
        requests: What clients sent.
        responses: What the server sent.
    """

    def __init__(self, server_port: int) -> None:
        self.port = 0
        self.requests = MessageReader(PREFACE)
        self.responses = MessageReader()
        self._server_port = server_port
        self._connections: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Wiretap"]:
        """Relay while the block lasts, and then until the client has closed its connections."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await asyncio.gather(*self._connections)

    def _accept(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        self._connections.append(asyncio.create_task(self._relay(client, answers)))

    async def _relay(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        server, requests = await asyncio.open_connection("127.0.0.1", self._server_port)
        await asyncio.gather(
            _pass_on(client, requests, self.requests),
            _pass_on(server, answers, self.responses),
        )


async def _pass_on(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, reader: MessageReader
) -> None:
    with suppress(ConnectionError):
        while data := await source.read(65_536):
            reader.feed(data)
            target.write(data)
            await target.drain()
    target.close()
