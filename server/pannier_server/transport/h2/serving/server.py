"""A gRPC server on listening sockets: the part of ``grpc.aio.Server`` that services need."""

import asyncio
import socket
import ssl
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from pannier_server.transport.h2.limits import Limits
from pannier_server.transport.h2.meters import Meters
from pannier_server.transport.h2.serving.acceptor import Acceptor
from pannier_server.transport.h2.serving.host import Host
from pannier_server.transport.h2.serving.methods import GenericHandler, MethodHandler
from pannier_server.transport.h2.serving.sweep import Sweep

# A client that does not answer a ping within this time hears of the end without a warning.
_ROUND_TRIP = 0.2
# How long the last bytes of closed connections may take to leave.
_CLOSING_SECONDS = 1.0


class Server:
    """A gRPC server over our own HTTP/2.

    Attributes:
        meters: What happened to it.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
        share_sockets: bool = False,
        users: Collection[int] | None = None,
    ) -> None:
        """Make a server without services that listens nowhere yet.

        Args:
            limits: What clients may take.
            tls: For TCP sockets: its certificate, whose clients it trusts, ``h2`` by ALPN.
                Unix sockets stay as they are.
            share_sockets: Other processes accept connections from the same sockets.
            users: The numbers of the users who may connect to Unix sockets; None for everyone
                that the socket's file lets in.
        """
        self._host = Host(limits or Limits())
        self._tls = tls
        self._share_sockets = share_sockets
        self._users = users
        self._acceptors: list[Acceptor] = []
        self._sweep: Sweep | None = None

    @property
    def meters(self) -> Meters:
        """What happened to the server."""
        return self._host.meters

    def add_generic_rpc_handlers(self, handlers: Sequence[GenericHandler]) -> None:
        """Add handlers that are asked in turn about each method (``grpc.GenericRpcHandler``)."""
        self._host.methods.add_generic(handlers)

    def add_registered_method_handlers(
        self, service_name: str, method_handlers: Mapping[str, MethodHandler]
    ) -> None:
        """Add the methods of a service, by their names (``grpc.RpcMethodHandler``)."""
        self._host.methods.add_registered(service_name, method_handlers)

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Serve what connects to listening sockets, TCP or Unix, which it closes in the end."""
        self._sweep = Sweep(self._host, asyncio.get_running_loop())
        self._sweep.start()
        for listening in sockets:
            is_unix = listening.family == socket.AF_UNIX
            acceptor = Acceptor(
                listening,
                self._host,
                tls=None if is_unix else self._tls,
                shared=self._share_sockets,
                users=self._users if is_unix else None,
            )
            self._acceptors.append(acceptor)
            await acceptor.start()

    def use_tls(self, tls: ssl.SSLContext) -> None:
        """Use another certificate, and other authorities, for connections that come from now on.

        Those that are there stay as they are. Nothing changes without TLS.
        """
        self._tls = tls
        for acceptor in self._acceptors:
            if acceptor.tls is not None:
                acceptor.tls = tls

    async def stop(self, grace: float) -> None:
        """Accept no more, let calls finish for ``grace`` seconds, and close.

        A second call with less grace cuts a first one short.
        """
        acceptors, self._acceptors = self._acceptors, []
        for acceptor in acceptors:
            await acceptor.stop()
        for protocol in list(self._host.protocols):
            protocol.retire()
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._host.until_empty(), min(_ROUND_TRIP, grace))
                for protocol in list(self._host.protocols):
                    protocol.drain()
                await self._host.until_empty()
        await self._close()

    async def _close(self) -> None:
        for protocol in list(self._host.protocols):
            protocol.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._host.until_empty(), _CLOSING_SECONDS)
        for protocol in list(self._host.protocols):
            protocol.abort()
        await self._host.until_empty()
        if self._sweep is not None:
            self._sweep.stop()
