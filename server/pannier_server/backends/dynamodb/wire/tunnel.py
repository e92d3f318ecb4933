"""A tunnel through an HTTP proxy with CONNECT (RFC 9110 section 9.3.6)."""

import asyncio
import ssl
from typing import cast

from pannier_server.backends.dynamodb.wire.endpoint import Endpoint
from pannier_server.backends.dynamodb.wire.proxy import Proxy

_MAX_HEAD_BYTES = 16 * 1024


class TunnelRefused(Exception):
    """The proxy opens no tunnel.

    Attributes:
        hopeless: Whether it would refuse again.
    """

    def __init__(self, problem: str, *, hopeless: bool = False) -> None:
        """Keep whether asking again makes sense."""
        super().__init__(problem)
        self.hopeless = hopeless


async def open_tunnel(endpoint: Endpoint, proxy: Proxy, tls: ssl.SSLContext) -> asyncio.Transport:
    """Return a transport whose other end is the endpoint.

    Args:
        endpoint: Where the tunnel leads.
        proxy: Through which proxy.
        tls: What to verify a proxy on https with.

    Raises:
        TunnelRefused: The proxy does not open one.
        OSError: The proxy cannot be reached.
    """
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[None] = loop.create_future()
    transport, _ = await loop.create_connection(
        lambda: _Handshake(opened),
        proxy.host,
        proxy.port,
        ssl=tls if proxy.scheme == "https" else None,
    )
    transport.write(_request(endpoint, proxy))
    try:
        await opened
    except BaseException:
        transport.abort()
        raise
    return transport


def _request(endpoint: Endpoint, proxy: Proxy) -> bytes:
    authorization = f"Proxy-Authorization: {proxy.authorization}\r\n" if proxy.authorization else ""
    target = endpoint.address
    return f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n".encode()


class _Handshake(asyncio.Protocol):
    """Reads the proxy's answer, up to the empty line; the rest is the endpoint's."""

    def __init__(self, opened: "asyncio.Future[None]") -> None:
        self._opened = opened
        self._head = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            if len(self._head) > _MAX_HEAD_BYTES:
                self._finish(TunnelRefused("it answers CONNECT with no HTTP", hopeless=True))
        elif end + 4 != len(self._head) and _status(self._head) == 200:
            self._finish(TunnelRefused("it sent data before the tunnel was used", hopeless=True))
        else:
            self._finish(_refusal(_status(self._head)))

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self._finish(TunnelRefused("it closed the connection"))

    def _finish(self, refusal: TunnelRefused | None) -> None:
        if self._opened.done():
            return
        if refusal is None:
            # Nothing is to be read here any more: TLS has its own protocol.
            cast("asyncio.Transport", self._transport).pause_reading()
            self._opened.set_result(None)
        else:
            self._opened.set_exception(refusal)


def _status(head: bytes) -> int:
    """Return the status of an answer, or 0 where it is no HTTP/1."""
    words = head.split(b"\r\n", 1)[0].split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        return 0
    return int(words[1])


def _refusal(status: int) -> TunnelRefused | None:
    if 200 <= status < 300:
        return None
    if status == 407:
        return TunnelRefused(
            "it wants credentials (407); write http://user:password@host:port in HTTPS_PROXY",
            hopeless=True,
        )
    if status == 0:
        return TunnelRefused("it answers CONNECT with no HTTP", hopeless=True)
    return TunnelRefused(
        f"it refuses the tunnel ({status}); allow the endpoint there or name it in NO_PROXY",
        hopeless=status < 500,
    )
