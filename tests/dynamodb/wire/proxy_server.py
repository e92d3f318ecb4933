"""A proxy on loopback that opens tunnels, forwards plain requests, or refuses."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

OPENED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@dataclass
class ProxyServer:
    """A running proxy.

    Attributes:
        port: Its port.
        heads: The heads of requests that came.
        refusal: What to answer instead of opening a tunnel; None to open it.
        goes_to: The port that each tunnel really leads to.
    """

    port: int = 0
    heads: list[str] = field(default_factory=list)
    refusal: bytes | None = None
    goes_to: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head.decode())
            if self.refusal is not None:
                writer.write(self.refusal)
                return
            await self._pass_on(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _pass_on(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.goes_to)
        try:
            method, target, rest = head.split(b" ", 2)
            if method == b"CONNECT":
                writer.write(OPENED)
            else:
                path = urlsplit(target).path
                back.write(b" ".join((method, path, rest)))
            await asyncio.gather(_copy(reader, back), _copy(there, writer))
        finally:
            back.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


@asynccontextmanager
async def proxying(goes_to: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[ProxyServer]:
    """Run a proxy on a free port of loopback."""
    proxy = ProxyServer(goes_to=goes_to)
    listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, ssl=tls)
    proxy.port = listening.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listening.close()
