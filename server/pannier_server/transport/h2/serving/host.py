"""What the connections of one server have in common."""

import asyncio
import time

from pannier_server.transport.h2.limits import Limits
from pannier_server.transport.h2.meters import Meters
from pannier_server.transport.h2.serving.held import HeldBytes
from pannier_server.transport.h2.serving.methods import Methods
from pannier_server.transport.h2.serving.protocol import ServerProtocol
from pannier_server.transport.h2.serving.turns import Turns


class Host:
    """The server, as its connections see it.

    Attributes:
        methods: What they serve.
        limits: What each may take.
        meters: What happens to them.
        held: The bytes that their calls hold.
        protocols: The open ones.
        turns: Those that have more to do than fits a turn of the event loop.
    """

    __slots__ = ("_emptied", "held", "limits", "meters", "methods", "protocols", "turns")

    def __init__(self, limits: Limits) -> None:
        """Make a host without methods and connections."""
        self.turns = Turns(time.perf_counter)
        self.methods = Methods()
        self.limits = limits
        self.meters = Meters()
        self.held = HeldBytes(limits, self.meters)
        self.protocols: set[ServerProtocol] = set()
        self._emptied = asyncio.Event()

    def admit(self, loop: asyncio.AbstractEventLoop) -> ServerProtocol | None:
        """Return what serves a connection that has just come; None where there are too many.

        It counts from here on: those whose TLS handshake goes on are bounded too.
        """
        self.meters.connections_opened += 1
        if len(self.protocols) >= self.limits.max_connections:
            self.meters.connections_refused += 1
            return None
        protocol = ServerProtocol(self, loop)
        self.protocols.add(protocol)
        self.meters.connections = len(self.protocols)
        return protocol

    def discard(self, protocol: ServerProtocol) -> None:
        """Forget a connection that is gone."""
        self.protocols.discard(protocol)
        self.meters.connections = len(self.protocols)
        if not self.protocols:
            self._emptied.set()

    async def until_empty(self) -> None:
        """Return once no connection is open."""
        while self.protocols:
            self._emptied.clear()
            await self._emptied.wait()
