"""A proxy in front of DynamoDB that loses requests and answers, as told for each request."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from urllib.parse import urlsplit


class Fate(Enum):
    """What becomes of one request."""

    PASS = auto()
    LOSE_REQUEST = auto()
    LOSE_ANSWER = auto()
    FAIL_AFTER = auto()
    """DynamoDB does it, and the answer says that it failed (500)."""


_FAULT = b'{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"x"}'


@dataclass(slots=True)
class LossyProxy:
    """What happened, and what is to happen.

    Attributes:
        endpoint: Where it listens, as a URL.
        fates: What becomes of the next requests, in order; after them all pass.
        operations: The operations of the requests that came.
        between: Awaited, where it is set, after each loss and before its sender knows:
            the place for what others do between two attempts.
    """

    endpoint: str
    fates: list[Fate] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    between: Callable[[], Awaitable[object]] | None = None


@asynccontextmanager
async def lossy_proxy(upstream: str) -> AsyncIterator[LossyProxy]:
    """Run a proxy in front of an endpoint."""
    target = urlsplit(upstream)
    open_connections: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_connections.add(writer)
        try:
            while (request := await read_message(reader)) is not None:
                proxy.operations.append(operation_of(request))
                fate = proxy.fates.pop(0) if proxy.fates else Fate.PASS
                if fate is not Fate.LOSE_REQUEST:
                    answer = await exchange(target.hostname, target.port, request)
                if fate is not Fate.PASS and proxy.between:
                    await proxy.between()
                if fate in {Fate.LOSE_REQUEST, Fate.LOSE_ANSWER}:
                    break
                writer.write(fault() if fate is Fate.FAIL_AFTER else answer)
        finally:
            open_connections.discard(writer)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy = LossyProxy(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with server:
        yield proxy
        for writer in list(open_connections):
            writer.close()


async def read_message(reader: asyncio.StreamReader) -> bytes | None:
    """Read one HTTP message with a Content-Length; None where the peer has closed."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    length = 0
    for line in head.split(b"\r\n")[1:]:
        header, _, value = line.partition(b":")
        if header.lower() == b"content-length":
            length = int(value)
    return head + await reader.readexactly(length)


async def exchange(host: str | None, port: int | None, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(request)
    answer = await read_message(reader)
    writer.close()
    assert answer is not None
    return answer


def operation_of(request: bytes) -> str:
    _, _, rest = request.partition(b"DynamoDB_20120810.")
    return rest.split(b"\r\n", 1)[0].decode()


def fault() -> bytes:
    head = f"HTTP/1.1 500 Internal Server Error\r\nContent-Length: {len(_FAULT)}\r\n\r\n"
    return head.encode() + _FAULT
