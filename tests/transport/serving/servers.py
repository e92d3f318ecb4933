"""Our own server in the test's process, with handlers that a test writes itself."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc

from pannier_server.transport.h2 import Limits, Meters, Server
from pannier_server.transport.h2.serving.protocol import ServerProtocol
from pannier_server.transport.h2.serving.sweep import Sweep

SECONDS = 30
"""How long a test may wait for anything; all of it takes milliseconds unless it fails."""

SERVICE = "test.Service"

unary: Any = grpc.unary_unary_rpc_method_handler
unary_stream: Any = grpc.unary_stream_rpc_method_handler
stream_unary: Any = grpc.stream_unary_rpc_method_handler
stream_stream: Any = grpc.stream_stream_rpc_method_handler


async def echo(request: bytes, _context: Any) -> bytes:
    return request


async def slow_echo(request: bytes, _context: Any) -> bytes:
    await asyncio.sleep(0)
    return request


def path(method: str) -> str:
    """Return what a client calls for a method of the test's service."""
    return f"/{SERVICE}/{method}"


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens.

    Attributes:
        server: It.
        port: Its TCP port on 127.0.0.1.
    """

    server: Server
    port: int

    @property
    def meters(self) -> Meters:
        return self.server.meters

    @property
    def protocols(self) -> set[ServerProtocol]:
        """Its open connections."""
        return self.server._host.protocols

    @property
    def protocol(self) -> ServerProtocol:
        """Its only connection."""
        (only,) = self.protocols
        return only

    def channel(self) -> Any:
        """Return a channel of grpcio's client to it, with a connection of its own."""
        options = [
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
        ]
        return grpc.aio.insecure_channel(f"127.0.0.1:{self.port}", options=options)

    def time(self) -> "Time":
        """Take the server's sweep by hand from here on: no time passes for it but the test's."""
        sweep = self.server._sweep
        assert sweep is not None
        sweep.stop()
        return Time(sweep)


class Time:
    """Lets seconds pass for what a server does after a while, without waiting for them."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._now = sweep._last

    def pass_(self, seconds: int) -> None:
        """Look at all connections once for each second, and once more."""
        for _ in range(seconds + 1):
            self.look()

    def stand_still(self, seconds: float) -> None:
        """Let the clock go on without the process, as in a sandbox that is frozen."""
        self._now += seconds

    def look(self) -> None:
        """Look at all connections, a second after the last time."""
        self._now += 1.0
        self._sweep.look(self._now)


@asynccontextmanager
async def serving(
    methods: Mapping[str, Any] | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    grace: float = 0.0,
    sock: socket.socket | None = None,
    **limits: Any,
) -> AsyncIterator[Running]:
    """Run a server with methods of `SERVICE`, by default one ``Echo``, for the body of a with.

    Afterwards nothing may be left of it: no handler, no connection, no held byte.
    """
    server = Server(limits=Limits(**limits), tls=tls)
    server.add_registered_method_handlers(SERVICE, methods or {"Echo": unary(echo)})
    listener = sock or socket.create_server(("127.0.0.1", 0), backlog=1024)
    address = listener.getsockname()
    await server.start([listener])
    try:
        yield Running(server, address[1] if isinstance(address, tuple) else 0)
    finally:
        async with asyncio.timeout(SECONDS):
            await server.stop(grace)
            await until(lambda: server.meters.running == 0)
    assert server.meters.connections == 0
    assert server.meters.held_bytes == 0


class Pipe(asyncio.Transport):
    """A transport whose other end takes exactly as much as a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.unread = 0
        self.is_aborted = False

    def write(self, data: Any) -> None:
        self.unread += len(data)

    def get_write_buffer_size(self) -> int:
        return self.unread

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def is_closing(self) -> bool:
        return self.is_aborted

    def abort(self) -> None:
        self.is_aborted = True

    def close(self) -> None:
        pass


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something is so."""
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110 - what it asks for has no event
            await asyncio.sleep(0)


async def turns(count: int) -> None:
    """Let the loop turn so often."""
    for _ in range(count):
        await asyncio.sleep(0)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """Cut bytes into pieces of a size."""
    for start in range(0, len(data), size):
        yield data[start : start + size]
