"""Taking connections from a listening socket."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any

_log = logging.getLogger(__name__)

_AT_ONCE = 8

# After the process ran out of descriptors.
_PAUSE_SECONDS = 0.1


class Acceptor:
    """Accepts the connections of one socket, a few in a turn of the event loop.

    The loop's own server takes all that wait at once. That would hold up everyone else
    in a rush of connections, and where processes share a socket give them all to the one
    that wakes up first.
    """

    def __init__(
        self,
        listening: socket.socket,
        factory: Callable[[], asyncio.Protocol],
        *,
        tls: ssl.SSLContext | None,
        shared: bool,
        handshake_timeout: float,
    ) -> None:
        """Take a listening socket and what makes the protocol of a connection."""
        self._listening = listening
        self._factory = factory
        self._tls = tls
        self._at_once = 1 if shared else _AT_ONCE
        self._handshake_timeout = handshake_timeout if tls else None
        self._connecting: set[asyncio.Task[Any]] = set()

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
        sock.settimeout(0)
        connecting = asyncio.get_running_loop().create_task(self._connect(sock))
        self._connecting.add(connecting)
        connecting.add_done_callback(self._connecting.discard)

    def _pause(self, error: OSError) -> None:
        """Accept no more for a while, in which descriptors may come free."""
        _log.error("cannot accept connections: %s", error.strerror)
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listening)
        loop.call_later(_PAUSE_SECONDS, self._accept_again)

    def _accept_again(self) -> None:
        if self._listening.fileno() >= 0:
            asyncio.get_running_loop().add_reader(self._listening, self._accept)

    async def _connect(self, sock: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._factory,
                sock,
                ssl=self._tls,
                ssl_handshake_timeout=self._handshake_timeout,
            )
        except OSError:
            # The TLS handshake failed, or the client has left.
            sock.close()
