"""Pannier's own HTTP/2 server as a transport."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack

from pannier_server.config import ListenAddress, Settings
from pannier_server.transport.h2 import Limits, Server
from pannier_server.transport.interface import MESSAGE_OVERHEAD_BYTES, max_message_bytes
from pannier_server.transport.listeners import Listener, addresses_of, open_listeners
from pannier_server.transport.sockets import socket_access
from pannier_server.transport.tls import tls_context


class H2Server:
    """A gRPC server on any number of TCP addresses and Unix sockets.

    Attributes:
        grpc: Where services are registered.
    """

    def __init__(self, settings: Settings, inherited: Sequence[Listener] = ()) -> None:
        """Make a server that has no services and accepts nothing yet.

        Args:
            settings: What the sidecar is told.
            inherited: Sockets that the parent process has opened, and that other
                workers accept from too. Empty where the server is to open its own.

        Raises:
            SettingsError: A TLS file, or the sockets' group or users, cannot be used.
        """
        self._access = socket_access(settings)
        self.grpc = Server(
            limits=_limits(settings),
            tls=tls_context(settings),
            share_sockets=bool(inherited),
            users=self._access.users,
        )
        self._settings = settings
        self._inherited = tuple(inherited)
        self._opened = ExitStack()

    async def start(self, addresses: Sequence[ListenAddress]) -> tuple[ListenAddress, ...]:
        """Listen on the addresses, and return them with the ports that were chosen.

        With inherited sockets the addresses are theirs.

        Raises:
            ListenError: One of them cannot be had.
        """
        with ExitStack() as opening:
            listeners = self._inherited or opening.enter_context(
                open_listeners(addresses, self._access)
            )
            await self.grpc.start([listener.sock for listener in listeners])
            self._opened = opening.pop_all()
        return addresses_of(listeners)

    async def reload_tls(self) -> None:
        """Read the TLS files again, for connections that come from now on.

        Raises:
            SettingsError: One cannot be used; what was read before stays in use.
        """
        tls = await asyncio.to_thread(tls_context, self._settings)
        if tls is not None:
            self.grpc.use_tls(tls)

    async def stop(self, grace: float) -> None:
        """Stop accepting, let running calls finish for ``grace`` seconds, and end."""
        try:
            await self.grpc.stop(grace)
        finally:
            # The server has closed the sockets; what is left is the Unix sockets' files.
            self._opened.close()


def _limits(settings: Settings) -> Limits:
    return Limits(
        max_message_bytes=max_message_bytes(settings.max_data_bytes),
        # Nobody compresses data that is far too large by accident.
        max_decompressed_bytes=settings.max_data_bytes * 5 // 4 + MESSAGE_OVERHEAD_BYTES,
        max_connection_idle=settings.max_connection_idle,
        max_connection_age=settings.max_connection_age,
        keepalive_time=settings.keepalive_time,
        keepalive_timeout=settings.keepalive_timeout,
    )
