"""Where something listens: a Unix socket, or a port of the loopback interface."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Place:
    """An address.

    Attributes:
        path: Of a Unix socket; None for a port.
        port: On 127.0.0.1; 0 until something listens there.
    """

    path: Path | None = None
    port: int = 0

    @classmethod
    def parse(cls, address: str) -> Self:
        """Read ``unix:PATH`` or ``HOST:PORT``; the host is taken to be loopback."""
        if address.startswith("unix:"):
            return cls(path=Path(address.removeprefix("unix:")))
        return cls(port=int(address.rpartition(":")[2]))

    def __str__(self) -> str:
        """Write it as clients do."""
        return f"unix:{self.path}" if self.path else f"127.0.0.1:{self.port}"

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to what listens there."""
        if self.path:
            return await asyncio.open_unix_connection(self.path)
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def serve(self, accept: Accept) -> tuple[asyncio.Server, "Place"]:
        """Listen there; also return the place with the port that it got."""
        if self.path:
            return await asyncio.start_unix_server(accept, self.path), self
        server = await asyncio.start_server(accept, "127.0.0.1", self.port, reuse_address=True)
        return server, Place(port=server.sockets[0].getsockname()[1])
