"""Several processes show one sum, which no crash makes smaller and no stuck process holds up."""

import asyncio
import os
import resource
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import pannier
from pannier_server.config import Settings
from pannier_server.metrics.samples import Snapshot, encode, sample
from pannier_server.metrics.workers import WorkersMetrics
from tests.engines.process import free_port
from tests.metrics.scraping import SECONDS, Scrape, scrape, scrape_until
from tests.sidecars import SidecarProcess, sidecar_process

CALLS = "pannier_rpc_calls_total"


@dataclass
class Workers:
    """A sidecar with two workers, and where its metrics are."""

    sidecar: SidecarProcess
    metrics: str

    @property
    def pids(self) -> list[int]:
        pid = self.sidecar.process.pid
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def scrape(self) -> Scrape:
        return scrape(self.metrics)

    def put(self, times: int) -> None:
        """Write over connections of their own, so that any worker may serve each."""
        for _ in range(times):
            with pannier.connect(self.sidecar.address, timeout=SECONDS) as store:
                store.put("o:n", b"")

    def put_through_each(self, times: int) -> None:
        """Write through each worker: while the other one takes no connections."""
        for other in self.pids:
            with suspended(other), pannier.connect(self.sidecar.address, timeout=SECONDS) as store:
                for _ in range(times):
                    store.put("o:n", b"")

    def kill(self) -> None:
        """End both workers as a crash would, and wait until others serve in their place."""
        replaced = self.scrape().value("pannier_worker_restarts_total") + 2
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
        scrape_until(self.metrics, "pannier_worker_restarts_total", replaced)
        scrape_until(self.metrics, "pannier_workers", 2)


@contextmanager
def running_workers(folder: Path, transport: str) -> Iterator[Workers]:
    metrics = f"127.0.0.1:{free_port()}"
    flags = (f"--transport={transport}", "--workers=2", f"--metrics={metrics}")
    with sidecar_process(f"sqlite://{folder}/p.db", *flags) as sidecar:
        yield Workers(sidecar, metrics)


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """Run two workers for all tests that leave them alive."""
    with running_workers(tmp_path_factory.mktemp("workers"), "h2") as running:
        yield running


Answering = tuple[WorkersMetrics, asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def answering(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Answering]:
    """Make a parent's view, and stand in for its one worker; both wait as long as it takes."""
    monkeypatch.setattr("pannier_server.metrics.workers.ANSWER_SECONDS", 3600.0)
    parent = WorkersMetrics(Settings(store="memory:"))
    ours, theirs = socket.socketpair()
    with ours:
        await parent.add(ours)
    reader, writer = await asyncio.open_unix_connection(sock=theirs)
    yield parent, reader, writer
    writer.close()


def values(snapshot: Snapshot) -> dict[str, float]:
    return {one.name: one.values[0] for one in snapshot}


@contextmanager
def suspended(pid: int) -> Iterator[None]:
    """Let a process do nothing for a while, as if it were stuck."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def without_free_files(pid: int) -> Iterator[None]:
    """Let a process open no more files for a while."""
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)


def has_grown(later: Scrape, earlier: Scrape) -> bool:
    """Say whether nothing that only grows has become less."""
    growing = {
        sample.name
        for family in earlier.families.values()
        if family.type in {"counter", "histogram"}
        for sample in family.samples
    }
    now = later.samples()
    return all(now[key] >= value for key, value in earlier.samples().items() if key[0] in growing)


def test_one_scrape_shows_the_sum_of_both_workers(workers: Workers) -> None:
    before = workers.scrape()
    workers.put_through_each(3)
    found = workers.scrape()

    def more(name: str, **labels: str) -> float:
        return found.value(name, **labels) - before.value(name, **labels)

    assert more(CALLS, rpc="Put", code="OK") == 6
    assert more("pannier_rpc_duration_seconds_count", rpc="Put") == 6
    assert more("pannier_store_calls_total", operation="put", result="OK") == 6
    assert more("pannier_transport_connections_opened_total") == 2
    assert found.value("pannier_workers") == 2
    assert found.value("pannier_workers_silent") == 0
    assert found.total("pannier_build_info", transport="h2", store="sqlite") == 1


def test_a_worker_that_is_stuck_is_shown_as_it_was_and_counted_as_silent(workers: Workers) -> None:
    workers.put(3)
    before = workers.scrape()
    with suspended(workers.pids[0]):
        stuck = [workers.scrape(), workers.scrape()]
    answering = workers.scrape()

    for found in stuck:
        assert found.value("pannier_workers_silent") == 1
        assert found.value("pannier_workers") == 2
        assert found.value(CALLS, rpc="Put", code="OK") == before.value(CALLS, rpc="Put", code="OK")
        assert has_grown(found, before)
    assert has_grown(answering, stuck[-1])
    wait_until_none(workers, "pannier_workers_silent")


def test_a_worker_that_can_open_no_more_files_is_counted_all_the_same(workers: Workers) -> None:
    before = workers.scrape()
    with without_free_files(workers.pids[0]):
        found = workers.scrape()
    workers.put_through_each(1)
    after = workers.scrape()

    assert found.value("pannier_workers") == after.value("pannier_workers") == 2
    assert has_grown(found, before)
    assert after.value(CALLS, rpc="Put", code="OK") == 2 + before.value(CALLS, rpc="Put", code="OK")


async def test_a_worker_that_dies_while_it_is_asked_is_not_waited_for(answering: Answering) -> None:
    parent, reader, writer = answering
    first = asyncio.create_task(parent.snapshot())
    assert await reader.read(SECONDS) == b"?"
    counted = [sample("pannier_sweeps_total", 3, "OK"), sample("pannier_workers", 1)]
    writer.write(encode(counted) + b"\n")
    assert values(await first)["pannier_workers"] == 1

    second = asyncio.create_task(parent.snapshot())
    assert await reader.read(SECONDS) == b"?"
    writer.close()
    found = values(await asyncio.wait_for(second, SECONDS))

    assert found["pannier_sweeps_total"] == 3
    assert found["pannier_workers_silent"] == 0
    assert "pannier_workers" not in found


async def test_a_worker_is_asked_once_for_all_who_wait(answering: Answering) -> None:
    parent, reader, writer = answering
    waiting = [asyncio.create_task(parent.snapshot()) for _ in range(2)]
    assert await reader.read(SECONDS) == b"?"
    writer.write(encode([sample("pannier_workers", 1)]) + b"\n")
    found = await asyncio.wait_for(asyncio.gather(*waiting), SECONDS)

    assert [values(each)["pannier_workers"] for each in found] == [1, 1]


def test_what_processes_take_is_added_up_with_the_parent(workers: Workers) -> None:
    pids = [workers.sidecar.process.pid, *workers.pids]
    cpu = sum(map(cpu_seconds, pids))
    found = workers.scrape()
    files = sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)

    # The kernel shows others the time of a process in whole ticks.
    assert found.value("process_cpu_seconds_total") >= cpu - 0.05
    assert found.value("process_resident_memory_bytes") > 60_000_000
    assert found.value("process_open_fds") == pytest.approx(files, abs=5)
    assert 0 < found.value("process_start_time_seconds") < time.time()


def test_what_killed_workers_have_counted_stays_and_their_gauges_go(tmp_path: Path) -> None:
    with running_workers(tmp_path, "h2") as workers:
        workers.put_through_each(2)
        with pannier.connect(workers.sidecar.address, timeout=SECONDS) as store:
            store.put("o:n", b"")
            before = workers.scrape()
            workers.kill()
        replaced = workers.scrape()
        wait_until_none(workers, "pannier_transport_connections")
        workers.put(1)
        after = workers.scrape()

    assert before.value("pannier_transport_connections") >= 1
    assert has_grown(replaced, before)
    assert has_grown(after, replaced)
    assert after.value(CALLS, rpc="Put", code="OK") == 6
    assert after.value("pannier_worker_restarts_total") == 2


def test_workers_of_grpcio_are_added_up_until_they_end(tmp_path: Path) -> None:
    with running_workers(tmp_path, "grpcio") as workers:
        workers.put(8)
        found = workers.scrape()
        assert workers.sidecar.stop() == 0
        with pytest.raises(ConnectionRefusedError):
            workers.scrape()

    assert found.value(CALLS, rpc="Put", code="OK") == 8
    assert found.value("pannier_workers") == 2
    assert "pannier_transport_connections" not in found.families


def test_an_address_that_is_taken_ends_the_start_with_one_line(
    workers: Workers, capfd: pytest.CaptureFixture[str]
) -> None:
    with (
        pytest.raises(AssertionError, match="ended with code 1"),
        sidecar_process("sqlite:", "--workers=2", f"--metrics={workers.metrics}"),
    ):
        raise AssertionError("two serve on one port")

    assert capfd.readouterr().err.endswith(
        f"pannier: cannot listen on {workers.metrics}: another process listens there; stop it, or "
        "choose another --metrics\n"
    )


def wait_until_none(workers: Workers, name: str) -> None:
    deadline = time.monotonic() + SECONDS
    while workers.scrape().value(name):
        assert time.monotonic() < deadline, f"{name} stays above 0"


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
