"""A backend behind a sidecar in this process, reached over gRPC."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from pannier_server.app import running_sidecar
from pannier_server.backends.contract import StorageBackend
from pannier_server.config import Settings
from pannier_server.testing.remote import Position, RemoteBackend
from tests.sidecars import LOOPBACK, SettableClock, channel_to

# The sidecar's own sweeper goes by its clock, which the tests set a day ahead.
SETTINGS = Settings(store="memory:", listen=LOOPBACK, grace=1.0, sweep_interval=3_600)


@dataclass(slots=True)
class Shared:
    """What two sidecars on one store share in a test: transport, clock and page tokens."""

    transport: str
    clock: SettableClock = field(default_factory=SettableClock)
    tokens: dict[Position, str] = field(default_factory=dict)

    def set_clock(self, now: int) -> None:
        self.clock.time = now


@asynccontextmanager
async def over_grpc(backend: StorageBackend, shared: Shared) -> AsyncIterator[RemoteBackend]:
    """Run a sidecar over a backend, which it opens and closes, and yield the other side."""
    settings = replace(SETTINGS, transport=shared.transport)
    async with (
        running_sidecar(settings, backend=backend, clock=shared.clock) as sidecar,
        channel_to(sidecar) as channel,
    ):
        yield RemoteBackend(
            channel,
            shared.set_clock,
            max_data_bytes=settings.max_data_bytes,
            tokens=shared.tokens,
        )
