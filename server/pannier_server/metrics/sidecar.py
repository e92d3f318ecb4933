"""The meters of one process that serves calls."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pannier_server.admission.admissions import Admissions
from pannier_server.backends.contract import StorageBackend
from pannier_server.config import Settings
from pannier_server.metrics.dynamodb import OverWire, WireSamples
from pannier_server.metrics.endpoint import metrics_listeners, serving_metrics
from pannier_server.metrics.event_loop import LoopLag
from pannier_server.metrics.process import ProcessUsage, build_samples, worker_samples
from pannier_server.metrics.rpcs import RpcMeters
from pannier_server.metrics.samples import Sample, Snapshot, sample
from pannier_server.metrics.store import MeasuredBackend
from pannier_server.metrics.tally import Tally
from pannier_server.metrics.transport import transport_samples
from pannier_server.metrics.workers import answer_parent
from pannier_server.rpc import StatusCode
from pannier_server.security.authentication import Authenticator
from pannier_server.service.health import HealthService
from pannier_server.service.sweeper import Sweeps
from pannier_server.transport.interface import Transport

if TYPE_CHECKING:
    from pannier_server.transport.h2.meters import Meters

Source = Callable[[], Iterable[Sample]]


class SidecarMeters:
    """Collects what is counted in one process.

    Attributes:
        rpcs: The meters of RPCs.
        tallies: What was counted of RPCs, and of the store's operations.
    """

    def __init__(self) -> None:
        """Begin with the process itself, in its running loop."""
        self.rpcs = RpcMeters()
        self.tallies: list[Mapping[str, Tally]] = [self.rpcs.tallies]
        self._lag = LoopLag(self._settle)
        self._sources: list[Source] = [
            self.rpcs.samples,
            self._lag.samples,
            ProcessUsage().samples,
            lambda: [sample("pannier_workers", 1)],
        ]

    def around_store(self, backend: StorageBackend) -> StorageBackend:
        """Return a backend with meters around it."""
        measured = MeasuredBackend(backend)
        self.tallies.append(measured.tallies)
        self._sources.append(measured.samples)
        if isinstance(backend, OverWire):
            self._sources.append(WireSamples(backend).samples)
        return measured

    def watch(
        self,
        *,
        admissions: Admissions,
        health: HealthService,
        sweeps: Sweeps,
        transport: Transport,
        authenticator: Authenticator | None,
    ) -> None:
        """Show what these count by themselves."""
        self._sources += [
            lambda: _admission_samples(admissions),
            lambda: [sample("pannier_store_up", int(health.store_answers))],
            lambda: _sweep_samples(sweeps),
            lambda: self._refusals(authenticator),
        ]
        # grpcio counts nothing that could be asked for.
        meters: Meters | None = getattr(transport.grpc, "meters", None)
        if meters is not None:
            self._sources.append(lambda: transport_samples(meters))

    def snapshot(self) -> Snapshot:
        """Return what everything shows now."""
        return [one for source in self._sources for one in source()]

    @asynccontextmanager
    async def serving(self, settings: Settings) -> AsyncIterator[None]:
        """Serve what is counted for the body of an ``async with``.

        A worker of several leaves that to its parent, which it answers; see `answer`.

        Raises:
            ListenError: The address cannot be had.
        """
        alone = [*build_samples(settings), *worker_samples(restarts=0, silent=0)]

        async def read() -> Snapshot:
            return [*self.snapshot(), *alone]

        with self._lag.watched():
            if settings.workers > 1:
                yield
                return
            with metrics_listeners(settings) as listeners:
                async with serving_metrics(listeners, read):
                    yield

    def answer(self, parent: socket.socket) -> None:
        """Answer the parent process from now on, by this end of a socket to it."""
        self._answering = asyncio.create_task(answer_parent(parent, self.snapshot))

    def _settle(self) -> None:
        for tallies in self.tallies:
            for tally in tallies.values():
                tally.settle()

    def _refusals(self, authenticator: Authenticator | None) -> Iterator[Sample]:
        counts: Mapping[str, int] = authenticator.refused if authenticator else {}
        for reason, count in counts.items():
            yield sample("pannier_auth_refusals_total", count, reason)
        denied = self.rpcs.ended_with(StatusCode.PERMISSION_DENIED)
        yield sample("pannier_auth_refusals_total", denied, "permission_denied")


def _admission_samples(admissions: Admissions) -> Iterator[Sample]:
    yield sample("pannier_admission_calls_limit", admissions.limit)
    yield sample("pannier_admission_admitted_total", admissions.admitted)
    yield sample("pannier_admission_refused_total", admissions.refused_full, "full")
    yield sample("pannier_admission_refused_total", admissions.refused_late, "late")


def _sweep_samples(sweeps: Sweeps) -> Iterator[Sample]:
    yield sample("pannier_sweeps_total", sweeps.done, "OK")
    yield sample("pannier_sweeps_total", sweeps.failed, "FAILED")
