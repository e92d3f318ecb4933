"""One request and what becomes of it: the means that the faults are made of."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field

from tests.faults.engine import EngineConnection, EngineGone
from tests.faults.front_end import FrontEnd
from tests.faults.journal import Entry
from tests.faults.messages import Answer, Request


@dataclass(slots=True)
class Background:
    """Requests that are done after their sender was turned away."""

    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Do something in a task of its own."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def finish(self) -> None:
        """Return when all of it is done."""
        while self.tasks:
            await asyncio.wait(self.tasks)


@dataclass(slots=True)
class Exchange:
    """A request that came, the ways to the engine and back, and the journal's entry of it."""

    request: Request
    entry: Entry
    front_end: FrontEnd
    engine: EngineConnection
    background: Background
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def ask_engine(self) -> Answer:
        """Let the engine do what is asked, and return its answer.

        Raises:
            EngineGone: It gives none.
        """
        return await _ask(self.engine, self.request, self.entry)

    def ask_engine_later(self, seconds: float) -> None:
        """Let the engine do it after a while, whether or not anyone waits for it."""
        request, entry = self.request, self.entry
        endpoint = self.engine.endpoint

        async def ask() -> None:
            await asyncio.sleep(seconds)
            engine = EngineConnection(endpoint)
            with suppress(EngineGone):
                await _ask(engine, request, entry)
            engine.close()

        self.background.start(ask())

    async def let_others_in(self) -> None:
        """Do what is to happen before the sidecar knows that something went wrong."""
        if self.meanwhile:
            await self.meanwhile()

    @property
    def is_over(self) -> bool:
        """Whether the connection has been closed."""
        return self.writer.is_closing()

    def send(self, data: Answer | bytes) -> None:
        """Send bytes to the sidecar."""
        self.writer.write(bytes(data))

    def hang_up(self) -> None:
        """Close the connection, after what was sent."""
        self.writer.close()

    async def reset(self) -> None:
        """Reset the connection, after what was sent."""
        with suppress(ConnectionError):
            await self.writer.drain()
        reset_on_close(self.writer.get_extra_info("socket"))
        self.writer.transport.abort()

    async def until_gone(self) -> None:
        """Return when the sidecar has closed the connection."""
        with suppress(ConnectionError):
            await self.reader.read(1)
        self.hang_up()


def reset_on_close(connected: socket.socket) -> None:
    """Make a connection end with a reset."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def _ask(engine: EngineConnection, request: Request, entry: Entry) -> Answer:
    entry.asked()
    answer = await engine.ask(request)
    entry.answered(answer.status)
    return answer
