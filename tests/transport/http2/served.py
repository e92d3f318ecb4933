"""A whole connection of a server in the test's process: all of it but the socket."""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any

from pannier_server.transport.h2.limits import Limits
from pannier_server.transport.h2.serving.host import Host
from pannier_server.transport.h2.serving.protocol import ServerProtocol
from pannier_server.transport.h2.serving.turns import Turns
from tests.transport.serving.servers import SERVICE

QUIET_TURNS = 6
"""So many turns of the loop in which nothing is written mean that nothing will be."""

MOST_TURNS = 20_000


def host_of(methods: Mapping[str, Any], **limits: Any) -> Host:
    """Return what serves some methods of the test's service.

    No time passes for its turns: a pause after what took long would look like rest.
    """
    host = Host(Limits(**limits))
    host.turns = Turns(lambda: 0.0)
    host.methods.add_registered(SERVICE, methods)
    return host


class Served(asyncio.Transport):
    """A client's end of a connection, and the transport of the server's.

    Bytes are handed over by the event loop itself, as they are by a socket: no task is the
    current one then.

    Attributes:
        protocol: The server's end.
        written: What the server has written.
        is_over: The server has closed the connection, and was told that it is lost.
    """

    def __init__(self, host: Host, *, reads: bool = True) -> None:
        """Connect to a server.

        Args:
            host: The server.
            reads: Whether the client reads what it is sent; see `read_on`.
        """
        super().__init__()
        self._loop = asyncio.get_running_loop()
        protocol = host.admit(self._loop)
        assert protocol is not None
        self.protocol: ServerProtocol = protocol
        self.written = bytearray()
        self.is_over = False
        self._reads = reads
        self._unread = 0
        self._limit = 0
        self._is_congested = False
        self._is_reading = True
        self._is_closing = False
        self._is_lost = False
        self._waiting: deque[bytes] = deque()
        protocol.connection_made(self)

    # -- the client's side

    def send(self, data: bytes) -> None:
        """Hand bytes over in the next turn of the loop, or once the server reads."""
        self._waiting.append(data)
        self._loop.call_soon(self._deliver)

    def read_on(self) -> None:
        """Read everything that waits, and from now on all that comes."""
        self._reads = True
        self._loop.call_soon(self._empty)

    def leave(self) -> None:
        """Close the connection without a word; the server hears of it a turn later."""
        self.abort()

    async def settle(self) -> None:
        """Wait until the server has done all that it can."""
        quiet = 0
        before: tuple[object, ...] = ()
        for _ in range(MOST_TURNS):
            await asyncio.sleep(0)
            state = (len(self.written), len(self._waiting), self.protocol.connection.cut)
            quiet = quiet + 1 if state == before else 0
            before = state
            if quiet >= QUIET_TURNS:
                return
        raise AssertionError("the server does not come to rest")

    # -- asyncio.Transport

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._is_lost:
            return
        assert not self._is_closing, "the server writes after it has closed"
        self.written += data
        if self._reads:
            return
        self._unread += len(data)
        if self._unread > self._limit and not self._is_congested:
            self._is_congested = True
            self.protocol.pause_writing()

    def get_write_buffer_size(self) -> int:
        return self._unread

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._limit = high or 0

    def pause_reading(self) -> None:
        self._is_reading = False

    def resume_reading(self) -> None:
        self._is_reading = True
        self._loop.call_soon(self._deliver)

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._loop.call_soon(self._lose)

    def abort(self) -> None:
        self._is_lost = True
        self.close()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 50_000) if name == "peername" else default

    # -- between both

    def _deliver(self) -> None:
        if self._waiting and self._is_reading and not self._is_closing:
            self.protocol.data_received(self._waiting.popleft())
            self._loop.call_soon(self._deliver)
        elif self._is_closing:
            self._waiting.clear()

    def _empty(self) -> None:
        self._unread = 0
        if self._is_congested and not self._is_closing:
            self._is_congested = False
            self.protocol.resume_writing()

    def _lose(self) -> None:
        self.is_over = True
        self.protocol.connection_lost(None)
