"""A proxy in front of DynamoDB that makes faults, as its schedule says."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, suppress

from tests.faults import refusals
from tests.faults.engine import EngineConnection, EngineGone
from tests.faults.exchanges import Background, Exchange, reset_on_close
from tests.faults.front_end import FrontEnd
from tests.faults.injections import inject
from tests.faults.journal import Journal
from tests.faults.kinds import Fault
from tests.faults.messages import Request, closing, read_message
from tests.faults.schedules import Injection, Schedule, Scripted
from tests.faults.stale_reads import StaleReads
from tests.faults.throttle import Throttle

# A TLS record: a fatal alert, handshake_failure (RFC 8446 section 6).
_TLS_ALERT = b"\x15\x03\x03\x00\x02\x02\x28"
# States of tcp(7)'s TCP_INFO, by the numbers of <netinet/tcp.h>: FIN_WAIT1, LAST_ACK, CLOSING.
_SHUTTING_DOWN = frozenset({4, 9, 11})


class FaultProxy:
    """A running proxy. All but its endpoint may be changed while it runs.

    Attributes:
        endpoint: Where it listens, as a URL: the sidecar's endpoint.
        schedule: Which request and connection meets which fault.
        throttle: What bounds the operations per second, or None.
        front_end: What looks at tokens and dates.
        requests_per_connection: After how many requests a connection is closed, as AWS does
            from time to time, or None.
        stale_reads: What answers reads that need not be consistent, or None.
        journal: What came and what became of it.
        meanwhile: Awaited, where it is set, after a request or an answer was lost and before
            the sidecar knows: the place for what others do between two attempts.
    """

    def __init__(
        self,
        engine: str,
        listening: socket.socket,
        tls: ssl.SSLContext | None,
        schedule: Schedule,
    ) -> None:
        """Use `fault_proxy` instead."""
        scheme = "https" if tls else "http"
        self.endpoint = f"{scheme}://127.0.0.1:{listening.getsockname()[1]}"
        self.schedule = schedule
        self.throttle: Throttle | None = None
        self.front_end = FrontEnd()
        self.requests_per_connection: int | None = None
        self.stale_reads: StaleReads | None = None
        self.journal = Journal()
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self.background = Background()
        self._engine = engine
        self._listening = listening
        self._tls = tls
        self._connections: dict[asyncio.Task[None], socket.socket] = {}

    async def run(self) -> None:
        """Accept connections until cancelled, and then close them."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                connected, _ = await loop.sock_accept(self._listening)
                task = asyncio.create_task(self._connection(connected))
                self._connections[task] = connected
                task.add_done_callback(self._connections.pop)
        finally:
            for task in self._connections:
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)

    async def drop_connections(self) -> None:
        """Close all connections, as DynamoDB does with those that have rested for too long.

        When this returns, the other ends have heard of it, whether their process runs or not.
        """
        dropped = dict(self._connections)
        with ExitStack() as stack:
            # Of their own: a transport closes its socket some turns of the loop later.
            ends = [stack.enter_context(connected.dup()) for connected in dropped.values()]
            for end in ends:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            for task in dropped:
                task.cancel()
            await asyncio.gather(*dropped, return_exceptions=True)
            while any(map(_is_unacknowledged, ends)):  # noqa: ASYNC110 (nothing announces it)
                await asyncio.sleep(0.001)

    async def _connection(self, connected: socket.socket) -> None:
        injection = self.schedule.for_connection()
        if injection is not None:
            self.journal.inject(injection.fault)
            await _break(connected, injection)
            return
        with suppress(OSError):
            reader, writer = await _streams(connected, self._tls)
            engine = EngineConnection(self._engine)
            try:
                with suppress(EngineGone, ConnectionError):
                    await self._serve(reader, writer, engine)
            finally:
                engine.close()
                writer.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, engine: EngineConnection
    ) -> None:
        served = 0
        while not writer.is_closing():
            message = await read_message(reader)
            if message is None:
                return
            request = Request(*message)
            exchange = Exchange(
                request,
                self.journal.open(request.operation, request.write_id),
                self.front_end,
                engine,
                self.background,
                reader,
                writer,
                self.meanwhile,
            )
            served += 1
            if not self._refuse(exchange):
                await self._do(exchange, last=served == self.requests_per_connection)

    def _refuse(self, exchange: Exchange) -> bool:
        """Answer what the front end does not let pass."""
        request, throttle = exchange.request, self.throttle
        refusal = self.front_end.refuse(request)
        if refusal is None and throttle and not throttle.grants(request.operation):
            refusal = Fault.THROTTLED_TABLE, refusals.throughput_exceeded()
        if refusal is None:
            return False
        self.journal.inject(refusal[0], exchange.entry)
        exchange.send(refusal[1])
        return True

    async def _do(self, exchange: Exchange, *, last: bool) -> None:
        request = exchange.request
        injection = self.schedule.for_request(request)
        if injection is not None:
            self.journal.inject(injection.fault, exchange.entry)
            await inject(injection.fault, exchange, injection.part)
            return
        answer = self.stale_reads.answer(request) if self.stale_reads else None
        if answer is None:
            answer = await exchange.ask_engine()
            if self.stale_reads:
                self.stale_reads.remember(request, answer)
        exchange.send(closing(answer) if last else answer)
        if last:
            exchange.hang_up()


@asynccontextmanager
async def fault_proxy(
    engine: str,
    schedule: Schedule | None = None,
    *,
    operations_per_second: float | None = None,
    tls: ssl.SSLContext | None = None,
    port: int = 0,
) -> AsyncIterator[FaultProxy]:
    """Run a proxy in front of an engine for the body of an ``async with``.

    Args:
        engine: The engine's endpoint, an http URL.
        schedule: Which faults to make; none by default.
        operations_per_second: Answer what goes beyond it as a throttled table does.
        tls: Speak TLS with this certificate.
        port: Where to listen on 127.0.0.1; 0 for any free port.
    """
    listening = socket.create_server(("127.0.0.1", port), backlog=256)
    listening.setblocking(False)
    proxy = FaultProxy(engine, listening, tls, schedule or Scripted())
    if operations_per_second is not None:
        proxy.throttle = Throttle(operations_per_second)
    running = asyncio.create_task(proxy.run())
    try:
        yield proxy
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        listening.close()
        await proxy.background.finish()


def _is_unacknowledged(end: socket.socket) -> bool:
    """Tell whether the other end may not have heard yet that this one has shut down."""
    return end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] in _SHUTTING_DOWN


async def _streams(
    connected: socket.socket, tls: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**20)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, connected, ssl=tls)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def _break(connected: socket.socket, injection: Injection) -> None:
    """End a connection that was just made."""
    with connected, suppress(OSError):
        if injection.fault is Fault.TLS_BROKEN:
            loop = asyncio.get_running_loop()
            await loop.sock_recv(connected, 2**16)
            if injection.part < 0.5:
                await loop.sock_sendall(connected, _TLS_ALERT)
                return
        reset_on_close(connected)
