"""Taking connections from a listening socket."""

import asyncio
import logging
import socket
import ssl
from contextlib import suppress
from functools import partial

from pannier_server.transport.h2.serving.protocol import Host, ServerProtocol

Connecting = asyncio.Task[tuple[asyncio.Transport, asyncio.BaseProtocol]]

_log = logging.getLogger(__name__)

_AT_ONCE = 2

# After the process ran out of descriptors.
_PAUSE_SECONDS = 0.1
# A handshake without a limit has this one: asyncio takes none for its own default.
_NO_TIMEOUT = 365 * 86_400.0


class Acceptor:
    """Accepts the connections of one socket, a few in a turn of the event loop.

    The loop's own server takes all that wait at once. That would hold up everyone else
    in a rush of connections, and where processes share a socket give them all to the one
    that wakes up first.
    """

    def __init__(
        self, listening: socket.socket, host: Host, *, tls: ssl.SSLContext | None, shared: bool
    ) -> None:
        """Take a listening socket, and the host of its connections.

        Args:
            listening: The socket.
            host: What admits connections.
            tls: For connections with TLS.
            shared: Other processes accept from the socket too.
        """
        self._listening = listening
        self._host = host
        self._tls = tls
        self._at_once = 1 if shared else _AT_ONCE
        self._handshake_timeout = None
        if tls is not None:
            self._handshake_timeout = host.limits.handshake_timeout or _NO_TIMEOUT
        self._connecting: set[Connecting] = set()
        self._is_starved = False

    async def start(self) -> None:
        """Accept from now on."""
        self._listening.settimeout(0)
        asyncio.get_running_loop().add_reader(self._listening, self._accept)

    async def stop(self) -> None:
        """Accept no more, and close the socket."""
        asyncio.get_running_loop().remove_reader(self._listening)
        self._listening.close()
        for task in self._connecting:
            task.cancel()

    def _accept(self) -> None:
        for _ in range(self._at_once):
            try:
                sock, _ = self._listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                # There are no more: another process was faster, or the client has left.
                return
            except OSError as error:
                self._pause(error)
                return
            self._start_connecting(sock)

    def _start_connecting(self, sock: socket.socket) -> None:
        self._is_starved = False
        loop = asyncio.get_running_loop()
        protocol = self._host.admit(loop)
        if protocol is None:
            sock.close()
            return
        sock.settimeout(0)
        if sock.family != socket.AF_UNIX:
            # asyncio's own loop leaves it to sockets that were made with a protocol's number.
            with suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connecting = loop.create_task(
            loop.connect_accepted_socket(
                lambda: protocol,
                sock,
                ssl=self._tls,
                ssl_handshake_timeout=self._handshake_timeout,
            )
        )
        self._connecting.add(connecting)
        connecting.add_done_callback(partial(self._end_connecting, protocol, sock))

    def _end_connecting(
        self, protocol: ServerProtocol, sock: socket.socket, connecting: Connecting
    ) -> None:
        """Clean up where no connection has come of it."""
        self._connecting.discard(connecting)
        error = None if connecting.cancelled() else connecting.exception()
        if error is None and not connecting.cancelled():
            return
        self._host.discard(protocol)
        sock.close()
        if isinstance(error, ConnectionAbortedError):
            self._host.meters.handshakes_timed_out += 1
        elif isinstance(error, OSError):
            self._host.meters.handshakes_failed += 1
        elif error is not None:
            _log.error("a connection could not be set up", exc_info=error)

    def _pause(self, error: OSError) -> None:
        """Accept no more for a while, in which descriptors may come free."""
        if not self._is_starved:
            _log.error("cannot accept connections: %s", error.strerror)
        self._is_starved = True
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listening)
        loop.call_later(_PAUSE_SECONDS, self._accept_again)

    def _accept_again(self) -> None:
        if self._listening.fileno() >= 0:
            asyncio.get_running_loop().add_reader(self._listening, self._accept)
