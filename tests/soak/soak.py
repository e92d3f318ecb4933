"""The soak itself: half of the capacity for a time, faults, and a look at what is held."""

import asyncio
import statistics
import tempfile
import time
from collections import Counter as Tally
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pannier
from tests.engines.aws_environment import REGION
from tests.engines.table import Table, create_table
from tests.faults.proxy import FaultProxy, fault_proxy
from tests.faults.schedules import Scripted, Seeded
from tests.linearizability.plan import MIXED
from tests.soak.process import Sample, Soaked, soaked_sidecar
from tests.soak.workload import CALLERS, Caller, at_rate, flat_out, prepare

SAMPLES = 60
"""How often it is looked at what the sidecar holds."""
MOST_GROWTH = 0.05
"""Of memory, from the first third after the warm-up to the last third."""
WARM_UP = 0.2
"""The part of the time before memory counts: caches fill, and pools take what they keep."""

REST, LONGEST_REST = 8, 60
"""Seconds without a change that count as rest, and how long it is waited for."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a soak has seen.

    Attributes:
        seconds: How long it took.
        rate: Actions a second.
        capacity: What the same callers reach without pauses.
        calls: How often each thing was done.
        failed: How many ended in an error, by class.
        missed: Actions that were due while every caller was busy.
        injected: The faults, by kind.
        counted: The increments that took effect.
        unknown: Those whose outcome was unknown, and settled.
        samples: What the sidecar held, from first to last.
        at_rest: What it held without load, before and after.
        cpu_seconds: What it used.
        bugs: Exceptions that nobody foresaw.
    """

    seconds: float
    rate: float
    capacity: float
    calls: Mapping[str, int]
    failed: Mapping[str, int]
    missed: int
    injected: Mapping[str, int]
    counted: int
    unknown: int
    samples: Sequence[Sample]
    at_rest: tuple[Sample, Sample]
    cpu_seconds: float
    bugs: int

    @property
    def memory(self) -> tuple[float, float]:
        """The median memory of the first and of the last third after the warm-up, in bytes."""
        counted = self.samples[int(len(self.samples) * WARM_UP) :]
        third = max(1, len(counted) // 3)
        first = statistics.median(sample.memory for sample in counted[:third])
        last = statistics.median(sample.memory for sample in counted[-third:])
        return first, last

    def shortcomings(self, *, memory_counts: bool) -> Sequence[str]:
        """Return what is wrong."""
        wrong = []
        first, last = self.memory
        if memory_counts and last > first * (1 + MOST_GROWTH):
            wrong.append(f"memory grew from {first / 2**20:.1f} to {last / 2**20:.1f} MiB")
        before, after = self.at_rest
        if after.tasks > before.tasks:
            wrong.append(f"{after.tasks - before.tasks} tasks are left")
        if after.descriptors > before.descriptors:
            wrong.append(f"{after.descriptors - before.descriptors} descriptors are left")
        if after.threads > before.threads:
            wrong.append(f"{after.threads - before.threads} threads are left")
        if self.bugs:
            wrong.append(f"{self.bugs} exceptions were not foreseen")
        return wrong


async def soak(
    seconds: float, engine: str | None, say: Callable[[str], None] = lambda _: None
) -> Result:
    """Soak a sidecar on DynamoDB behind the fault proxy, or on SQLite.

    Args:
        seconds: How long; the measurement of the capacity comes on top.
        engine: DynamoDB Local's endpoint; None for SQLite, which has no such faults.
        say: Called with what is going on.

    Raises:
        WrongCount: A record does not hold what its writer knows it to hold.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with _store(folder, engine) as (url, proxy), soaked_sidecar(url, folder) as sidecar:
            return await _soak(sidecar, proxy, seconds, say)


@asynccontextmanager
async def _store(folder: Path, engine: str | None) -> AsyncIterator[tuple[str, FaultProxy | None]]:
    if engine is None:
        yield f"sqlite://{folder}/pannier.db", None
        return
    table = Table("soaked", endpoint=engine)
    await asyncio.to_thread(create_table, table)
    async with fault_proxy(engine) as proxy:
        yield f"dynamodb://{table.name}?region={REGION}&endpoint={proxy.endpoint}", proxy


async def _soak(
    sidecar: Soaked, proxy: FaultProxy | None, seconds: float, say: Callable[[str], None]
) -> Result:
    callers = [Caller(number, sidecar.server.address) for number in range(CALLERS)]
    async with pannier.aio.connect(sidecar.server.address) as store:
        await prepare(store, callers)
        if proxy:
            proxy.schedule = Seeded(1, MIXED)
        capacity = await flat_out(store, callers, min(20.0, seconds / 3))
        rate = capacity / 2
        say(f"{capacity:.0f} actions a second without pauses; now {rate:.0f} for {seconds:.0f} s")
        before = await _rested(sidecar)
        samples: list[Sample] = []
        sampling = asyncio.create_task(_sample(sidecar, proxy, seconds, samples, say))
        began, cpu = time.monotonic(), sidecar.cpu_seconds()
        missed = await at_rate(store, callers, rate, seconds)
        cpu, took = sidecar.cpu_seconds() - cpu, time.monotonic() - began
        await sampling
        if proxy:
            proxy.schedule = Scripted()
            await proxy.background.finish()
        for caller in callers:
            await caller.counter.check(store)
        after = await _rested(sidecar)
    counters = [caller.counter for caller in callers]
    return Result(
        seconds=took,
        rate=rate,
        capacity=capacity,
        calls=sum((caller.calls for caller in callers), Tally()),
        failed=sum((caller.failed for caller in callers), Tally()),
        missed=missed,
        injected={str(fault): n for fault, n in proxy.journal.injected.items()} if proxy else {},
        counted=sum(counter.value for counter in counters),
        unknown=sum(counter.unknown for counter in counters),
        samples=samples,
        at_rest=(before, after),
        cpu_seconds=cpu,
        bugs=sidecar.bugs(),
    )


async def _sample(
    sidecar: Soaked,
    proxy: FaultProxy | None,
    seconds: float,
    samples: list[Sample],
    say: Callable[[str], None],
) -> None:
    for number in range(SAMPLES):
        await asyncio.sleep(seconds / SAMPLES)
        sample = await sidecar.sample()
        samples.append(sample)
        if proxy:
            # The soak is to be longer than its own memory lasts.
            proxy.journal.entries.clear()
        if number % 6 == 5:
            say(
                f"{(number + 1) / SAMPLES:4.0%}: {sample.memory / 2**20:.1f} MiB, "
                f"{sample.descriptors} descriptors, {sample.tasks} tasks"
            )


async def _rested(sidecar: Soaked) -> Sample:
    """Return what it holds once that does not change any more.

    Connections to the engine stay open for some seconds after their last request.
    """
    unchanged = 0
    sample = await sidecar.sample()
    for _ in range(LONGEST_REST):
        await asyncio.sleep(1)
        last, sample = sample, await sidecar.sample()
        same = (last.tasks, last.descriptors) == (sample.tasks, sample.descriptors)
        unchanged = unchanged + 1 if same else 0
        if unchanged == REST:
            break
    return sample
