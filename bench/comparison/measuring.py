"""One measurement: warm up, then count what the calls and the server took."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bench import ghz_runs, usage
from bench.comparison import requests
from bench.comparison.entries import IN_PROCESS, Call, Engine, Entry
from bench.comparison.programs import running_program
from bench.comparison.samples import Sample
from bench.comparison.stores import Store, seed_versions
from bench.ghz_runs import Calls, Load
from bench.servers import Server

PILOT_CALLS = 100
WARM_UP_SHARE = 0.15
MOST_CALLS = 100_000
LEAST_CALLS = 20
CALLS_FOR_EACH_CALLER = 8
"""At least, so that all callers are busy for most of a measurement."""


@dataclass
class Measurer:
    """Measures entries; how many calls an entry takes is found out once, then kept.

    Attributes:
        folder: For files of requests.
        calls: How many calls each entry has in a measurement.
    """

    folder: Path
    calls: dict[tuple[Entry, float], int] = field(default_factory=dict)

    def measure(self, entry: Entry, server: Server | None, store: Store, seconds: float) -> Sample:
        """Measure an entry for about ``seconds``.

        Args:
            entry: What to measure.
            server: Where the calls go; None where they go to the store itself.
            store: What is behind the server.
            seconds: How long, about.

        Raises:
            GhzFailed: ghz itself did not run.
            ServerFailed: A program that makes its own calls did not run.
        """
        if entry.kind in IN_PROCESS:
            return _measure_program(entry, server, store, seconds)
        assert server is not None
        calls = self.calls.get((entry, seconds)) or self._find_calls(entry, server, store, seconds)
        self.calls[entry, seconds] = calls
        self._run(entry, server, store, max(LEAST_CALLS, int(calls * WARM_UP_SHARE)))
        return self._sample(entry, server, store, calls)

    def _find_calls(self, entry: Entry, server: Server, store: Store, seconds: float) -> int:
        """Return how many calls take about ``seconds``, by two runs, each longer than the last."""
        pilot = self._run(entry, server, store, PILOT_CALLS + entry.callers)
        longer = int(pilot.rate * seconds * WARM_UP_SHARE)
        rate = self._run(entry, server, store, max(LEAST_CALLS, longer)).rate
        least = max(LEAST_CALLS, entry.callers * CALLS_FOR_EACH_CALLER)
        return max(least, min(int(rate * seconds), MOST_CALLS))

    def _sample(self, entry: Entry, server: Server, store: Store, calls: int) -> Sample:
        load = self._load(entry, store, calls)
        usage.forget_peak(server.process.pid)
        before, engine_before = server.cpu_seconds(), store.cpu_seconds()
        made = ghz_runs.run_load(server.address, load, server.authority)
        return Sample.of(
            made,
            cpu_seconds=server.cpu_seconds() - before,
            peak_bytes=usage.peak_bytes(server.process.pid),
            engine_cpu_seconds=_since(engine_before, store),
        )

    def _run(self, entry: Entry, server: Server, store: Store, calls: int) -> Calls:
        load = self._load(entry, store, calls)
        return ghz_runs.run_load(server.address, load, server.authority)

    def _load(self, entry: Entry, store: Store, calls: int) -> Load:
        """Return the load, with its requests written and the records there that it needs."""
        checked = entry.call is Call.PUT_IF_VERSION and entry.engine is Engine.DYNAMODB
        file = requests.write(
            self.folder / "requests.bin",
            entry.call,
            entry.record_bytes,
            calls=calls if checked else requests.RECORDS,
            label=seed_versions(store, self.folder) if checked else "",
        )
        return Load(
            proto=requests.proto(entry.call),
            method=requests.method(entry.call),
            requests=file,
            calls=calls,
            callers=entry.callers,
            connections=entry.open_connections,
            pace=entry.pace,
        )


def _measure_program(entry: Entry, server: Server | None, store: Store, seconds: float) -> Sample:
    """Measure an entry whose calls a Python program makes by itself.

    What a sidecar behind it uses counts too: it is all part of what the program costs.
    """
    place = server.address if server else store.endpoint
    with running_program(entry, place, seconds, warm_up=seconds * WARM_UP_SHARE) as program:
        program.wait_until_ready()
        if server:
            usage.forget_peak(server.process.pid)
        before = server.cpu_seconds() if server else 0.0
        engine_before = store.cpu_seconds()
        report = program.measure()
        behind = server.cpu_seconds() - before if server else 0.0
        return Sample.of(
            Calls(report["seconds"], sorted(report["latencies"]), Counter(report["errors"])),
            cpu_seconds=report["cpu_seconds"] + behind,
            peak_bytes=report["peak_bytes"]
            + (usage.peak_bytes(server.process.pid) if server else 0),
            engine_cpu_seconds=_since(engine_before, store),
        )


def _since(before: float | None, store: Store) -> float | None:
    """Return what the engine has used since."""
    now = store.cpu_seconds()
    return None if before is None or now is None else now - before
