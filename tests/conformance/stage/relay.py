"""The fault proxy between a client and a sidecar: it loses calls and cuts connections."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from tests.conformance.stage.places import Place

_PREFACE_BYTES = 24  # RFC 9113, section 3.4
_FRAME_HEADER_BYTES = 9  # RFC 9113, section 4.1
_DATA, _HEADERS = 0, 1


@dataclass(slots=True)
class Losses:
    """What a relay has done so far."""

    lost_answers: int = 0
    lost_requests: int = 0
    cuts: int = 0


class Strikes(Protocol):
    """Decides which events are lost."""

    def strikes(self) -> bool:
        """Tell whether this one is."""


class Countdown:
    """Lets ``after`` events pass and then strikes at ``count`` of them."""

    def __init__(self, count: int = 0, after: int = 0) -> None:
        """Strike at the ``count`` events that come after the next ``after``."""
        self._count, self._after = count, after

    def strikes(self) -> bool:
        """Count an event, and tell whether it is one to strike at."""
        if self._count == 0:
            return False
        if self._after > 0:
            self._after -= 1
            return False
        self._count -= 1
        return True


class Relay:
    """Passes frames on between clients and a sidecar, until told otherwise.

    The first HEADERS frame of a stream is a call on its way there and an answer on its way
    back. Where an answer is lost, the call was carried out and the client cannot know it;
    where a call is lost, it was not.

    Attributes:
        losses: What it has done.
        calls: Which calls are lost on their way.
        answers: Which answers are.
        data_frames: At which DATA frames of answers the connection is cut.
    """

    def __init__(self, listen: Place, upstream: Place) -> None:
        """Take the place where clients connect, and that of the sidecar."""
        self.losses = Losses()
        self._listen = listen
        self._upstream = upstream
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self.calls: Strikes = Countdown()
        self.answers: Strikes = Countdown()
        self.data_frames: Strikes = Countdown()
        self._pass_on = asyncio.Event()
        self._pass_on.set()

    @property
    def address(self) -> str:
        """Where it listens, as clients write it."""
        return str(self._listen)

    async def open(self) -> None:
        """Take connections from now on."""
        self._server, self._listen = await self._listen.serve(self._accept)

    async def close(self) -> None:
        """Take no more connections, and end those that are open."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()

    def cut(self) -> None:
        """End all connections."""
        for link in list(self._links):
            self.losses.cuts += 1
            link.end()
        self._links.clear()

    async def hold_answers(self, seconds: float) -> None:
        """Pass nothing on to clients for so long."""
        self._pass_on.clear()
        await asyncio.sleep(seconds)
        self._pass_on.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream = await self._upstream.connect()
        except OSError:
            writer.close()
            return
        link = _Link(writer, upstream[1])
        self._links.add(link)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_ending(link, self._pass_calls(reader, upstream[1])))
                both.create_task(_ending(link, self._pass_answers(upstream[0], writer)))
        finally:
            self._links.discard(link)

    async def _pass_calls(
        self, client: asyncio.StreamReader, sidecar: asyncio.StreamWriter
    ) -> None:
        sidecar.write(await client.readexactly(_PREFACE_BYTES))

        async def passes(kind: int, _: int) -> bool:
            if kind == _HEADERS and self.calls.strikes():
                self.losses.lost_requests += 1
                return False
            return True

        await _pass_frames(client, sidecar, passes)

    async def _pass_answers(
        self, sidecar: asyncio.StreamReader, client: asyncio.StreamWriter
    ) -> None:
        answered: set[int] = set()

        async def passes(kind: int, stream: int) -> bool:
            await self._pass_on.wait()
            if kind == _DATA and self.data_frames.strikes():
                return False
            if kind == _HEADERS and stream not in answered:
                answered.add(stream)
                if self.answers.strikes():
                    self.losses.lost_answers += 1
                    return False
            return True

        await _pass_frames(sidecar, client, passes)


@dataclass(eq=False, slots=True)
class _Link:
    """A client's connection, and the one to the sidecar that belongs to it."""

    client: asyncio.StreamWriter
    sidecar: asyncio.StreamWriter

    def end(self) -> None:
        self.client.close()
        self.sidecar.close()


async def _ending(link: _Link, passing: Awaitable[None]) -> None:
    """Pass frames on until one side has gone; the other goes with it."""
    try:
        await passing
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        link.end()


async def _pass_frames(
    source: asyncio.StreamReader,
    target: asyncio.StreamWriter,
    passes: Callable[[int, int], Awaitable[bool]],
) -> None:
    """Pass frames on until ``passes``, given a frame's type and stream, says no."""
    while True:
        header = await source.readexactly(_FRAME_HEADER_BYTES)
        payload = await source.readexactly(int.from_bytes(header[:3]))
        if not await passes(header[3], int.from_bytes(header[5:]) & 0x7FFF_FFFF):
            return
        target.write(header + payload)
        await target.drain()
