"""The way from the proxy to the engine."""

import asyncio
import time
from urllib.parse import urlsplit

from tests.faults.messages import Answer, Request, read_message, with_checksum

_IDLE_SECONDS = 5.0


class EngineGone(Exception):
    """The engine gave no whole answer; whether it did what was asked is unknown."""


class EngineConnection:
    """One connection to an engine, opened when it is first needed.

    Attributes:
        endpoint: Where the engine is.
    """

    def __init__(self, endpoint: str) -> None:
        """Take the engine's endpoint, an http URL."""
        self.endpoint = endpoint
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used_at = 0.0

    async def ask(self, request: Request) -> Answer:
        """Pass a request on, once, and return the answer.

        Raises:
            EngineGone: There is none.
        """
        try:
            reader, writer = await self._open()
            writer.write(bytes(request))
            message = await read_message(reader)
        except OSError:
            message = None
        if message is None:
            self.close()
            raise EngineGone
        self._used_at = time.monotonic()
        return with_checksum(Answer(*message))

    def close(self) -> None:
        """Close it; the next request opens another."""
        if self._streams:
            self._streams[1].close()
            self._streams = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        # The engine may be about to close an idle connection, and a request that dies with
        # it would be a fault that no schedule asked for.
        if self._streams and time.monotonic() - self._used_at > _IDLE_SECONDS:
            self.close()
        if self._streams is None:
            place = urlsplit(self.endpoint)
            self._streams = await asyncio.open_connection(place.hostname, place.port or 80)
        return self._streams
