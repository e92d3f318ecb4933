"""What becomes of connections that are idle, old, or left by their client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from pannier_server.app import running_sidecar
from pannier_server.backends.memory import MemoryBackend
from pannier_server.config import Settings
from tests.sidecars import LOOPBACK

SECONDS = 15
# RFC 9113, sections 3.4 and 6.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, PING, GOAWAY = 4, 6, 7
ACK = 1


@dataclass(frozen=True, slots=True)
class Frame:
    kind: int
    flags: int
    payload: bytes

    @property
    def asks(self) -> bool:
        """Whether it is a ping to be answered."""
        return self.kind == PING and not self.flags & ACK


@dataclass(slots=True)
class Client:
    """A client that makes no calls, and shows what the server sends it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, kind: int, flags: int = 0, payload: bytes = b"") -> None:
        header = len(payload).to_bytes(3) + bytes([kind, flags]) + bytes(4)
        self.writer.write(header + payload)

    async def frames(self, *, answers: bool) -> AsyncIterator[Frame]:
        """Yield what comes until the server closes; answer its pings, or keep silent."""
        try:
            while header := await self.reader.readexactly(9):
                frame = Frame(
                    header[3], header[4], await self.reader.readexactly(int.from_bytes(header[:3]))
                )
                if frame.kind == SETTINGS and not frame.flags & ACK:
                    self.send(SETTINGS, ACK)
                if answers and frame.asks:
                    self.send(PING, ACK, frame.payload)
                yield frame
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return


@asynccontextmanager
async def client_of(transport: str, **times: float) -> AsyncIterator[Client]:
    base = Settings(store="memory:", listen=LOOPBACK, grace=1.0, transport=transport)
    settings = replace(base, **times)  # type: ignore[arg-type]
    async with (
        asyncio.timeout(SECONDS),
        running_sidecar(settings, backend=MemoryBackend()) as sidecar,
    ):
        host, _, port = str(sidecar.addresses[0]).rpartition(":")
        client = Client(*await asyncio.open_connection(host, int(port)))
        client.writer.write(PREFACE)
        client.send(SETTINGS)
        yield client
        client.writer.close()


@pytest.mark.parametrize("limit", ["max_connection_idle", "max_connection_age"])
async def test_a_connection_at_its_limit_is_told_to_go_away_and_closed(
    transport: str, limit: str
) -> None:
    async with client_of(transport, **{limit: 1.0}) as client:
        kinds = [frame.kind async for frame in client.frames(answers=True)]
    assert GOAWAY in kinds


async def test_a_client_that_does_not_answer_is_cut(transport: str) -> None:
    async with client_of(transport, keepalive_time=1.0, keepalive_timeout=1.0) as client:
        asked = [frame.asks async for frame in client.frames(answers=False)]
    assert any(asked)


async def test_a_client_that_answers_stays_however_long_it_makes_no_calls(transport: str) -> None:
    async with client_of(transport, keepalive_time=1.0, keepalive_timeout=1.0) as client:
        asked = 0
        async for frame in client.frames(answers=True):
            asked += frame.asks
            if asked == 4:
                break
    assert asked == 4
