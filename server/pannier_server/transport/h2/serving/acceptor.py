"""Taking connections from a listening socket."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Any

_log = logging.getLogger(__name__)

# After the process ran out of descriptors.
_PAUSE_SECONDS = 0.1


class Acceptor:
    """Accepts the connections of one socket.

    A socket of this process alone is the event loop's to serve. From one that processes
    share it takes one connection at a time: an event loop takes all that wait, which gives
    them all to the process that wakes up first.
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
        self._shared = shared
        self._handshake_timeout = handshake_timeout if tls else None
        self._server: asyncio.AbstractServer | None = None
        self._connecting: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Accept from now on."""
        loop = asyncio.get_running_loop()
        self._listening.settimeout(0)
        if self._shared:
            loop.add_reader(self._listening, self._accept)
        elif self._listening.family == socket.AF_UNIX:
            self._server = await loop.create_unix_server(self._factory, sock=self._listening)
        else:
            self._server = await loop.create_server(
                self._factory,
                sock=self._listening,
                ssl=self._tls,
                ssl_handshake_timeout=self._handshake_timeout,
            )

    async def stop(self) -> None:
        """Accept no more, and close the socket."""
        if self._server is not None:
            self._server.close()
        else:
            asyncio.get_running_loop().remove_reader(self._listening)
            self._listening.close()
        for task in self._connecting:
            task.cancel()

    def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            sock, _ = self._listening.accept()
        except (BlockingIOError, ConnectionAbortedError):
            # Another process was faster, or the client has left.
            return
        except OSError as error:
            _log.error("cannot accept connections: %s", error.strerror)
            loop.remove_reader(self._listening)
            loop.call_later(_PAUSE_SECONDS, self._accept_again)
            return
        sock.settimeout(0)
        connecting = loop.create_task(self._connect(sock))
        self._connecting.add(connecting)
        connecting.add_done_callback(self._connecting.discard)

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
