"""An HTTP/1.1 server on loopback that does with each request what the test says."""

import asyncio
import json
import socket
import ssl
import struct
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from zlib import crc32


@dataclass(frozen=True)
class Request:
    """A request as it came, with the number of its connection (from 1)."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def operation(self) -> str:
        return self.headers["x-amz-target"].rpartition(".")[2]


Step = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]
"""What to do with one request. It closes the writer where the connection is to end."""


def http(status: int, body: bytes, **headers: str) -> bytes:
    """Return an answer as bytes; an underscore in a header's name is a dash."""
    lines = {"content-length": str(len(body))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + body


def answer(body: bytes = b"{}", status: int = 200, **headers: str) -> Step:
    """Answer with DynamoDB's headers, and others."""
    usual = {"x_amzn_requestid": "REQUEST1", "x_amz_crc32": str(crc32(body))}
    return raw(http(status, body, **usual | headers))


def refuse(kind: str, message: str = "", status: int = 400, **members: object) -> Step:
    """Answer with one of DynamoDB's errors."""
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{kind}", "message": message}
    return answer(json.dumps(body | members).encode(), status)


def raw(data: bytes) -> Step:
    """Write bytes and go on."""

    async def step(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    return step


def hang_up(data: bytes = b"") -> Step:
    """Write bytes, if any, and close the connection."""

    async def step(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        writer.close()

    return step


def reset(data: bytes = b"") -> Step:
    """Write bytes, if any, and reset the connection."""

    async def step(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        connected: socket.socket = writer.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return step


def trickle(data: bytes, pause: float) -> Step:
    """Write byte after byte with pauses."""

    async def step(_: Request, writer: asyncio.StreamWriter) -> None:
        for byte in data:
            writer.write(bytes([byte]))
            await asyncio.sleep(pause)

    return step


def wait_for(event: asyncio.Event, then: Step) -> Step:
    """Do nothing until an event, then something."""

    async def step(request: Request, writer: asyncio.StreamWriter) -> None:
        await event.wait()
        await then(request, writer)

    return step


@dataclass
class Server:
    """A running server.

    Attributes:
        host: Its address.
        port: Its port.
        requests: What came so far.
        steps: What to do with the next requests.
        otherwise: What to do where no step is left.
        connections: How many were accepted.
        arrived: Set when a request has come; a test may clear it.
        ended: Counts connections that have ended, told on the condition.
    """

    host: str
    port: int
    scheme: str
    requests: list[Request] = field(default_factory=list)
    steps: deque[Step] = field(default_factory=deque)
    otherwise: Step = field(default_factory=answer)
    connections: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    ended: int = 0
    an_end: asyncio.Condition = field(default_factory=asyncio.Condition)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    def then(self, *steps: Step) -> None:
        self.steps.extend(steps)

    async def until_ended(self, count: int) -> None:
        """Return when so many connections have ended, as the server sees it."""
        async with self.an_end:
            await self.an_end.wait_for(lambda: self.ended >= count)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.add(writer)
        number = self.connections
        ahead = b""
        try:
            while not writer.is_closing():
                request = await read_request(reader, number, ahead)
                self.requests.append(request)
                self.arrived.set()
                step = self.steps.popleft() if self.steps else self.otherwise
                ahead = await unless_gone(reader, step(request, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()
            async with self.an_end:
                self.ended += 1
                self.an_end.notify_all()


async def unless_gone(reader: asyncio.StreamReader, step: Awaitable[None]) -> bytes:
    """Do a step, unless the client goes away before it is done; return what it sent."""
    doing = asyncio.ensure_future(step)
    reading = asyncio.ensure_future(reader.read(1))
    await asyncio.wait((doing, reading), return_when=asyncio.FIRST_COMPLETED)
    if reading.done() and not reading.result():
        doing.cancel()
        raise ConnectionResetError
    reading.cancel()
    await doing
    await asyncio.wait((reading,))
    return b"" if reading.cancelled() else reading.result()


async def read_request(reader: asyncio.StreamReader, connection: int, ahead: bytes) -> Request:
    head = (ahead + await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body, connection)


@asynccontextmanager
async def serving(
    tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[Server]:
    """Run a server on a free port (or the one given) of loopback."""
    server = Server(host, port, "https" if tls else "http")
    listening = await asyncio.start_server(server.serve, host, port, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for writer in tuple(server.writers):
            writer.transport.abort()
        await server.until_ended(server.connections)
