"""Results of a benchmark that nobody ran."""

from collections.abc import Mapping, Sequence

from bench.comparison.contests import CONTESTS, STARTS
from bench.comparison.entries import Entry
from bench.comparison.overheads import MEASURED, Overhead
from bench.comparison.samples import Results, Sample, Start

MICROSECOND = 1e-6


def sample(
    cpu_microseconds: float = 50.0, *, p50: float = 0.001, errors: Mapping[str, int] | None = None
) -> Sample:
    """Return a sample of 2,000 calls in half a second."""
    return Sample(
        requests=2_000,
        seconds=0.5,
        cpu_seconds=2_000 * cpu_microseconds * MICROSECOND,
        p50=p50,
        p99=0.002,
        p999=0.2,
        peak_bytes=64 * 1024 * 1024,
        engine_cpu_seconds=0.1,
        errors=errors or {},
    )


def whole_run(rounds: int = 2) -> Results:
    """Return results that have everything, each entry somewhat dearer than the one before."""
    results = Results("2 cores")
    for contest in CONTESTS.values():
        for number, entry in enumerate(contest.entries, start=1):
            for _ in range(rounds):
                results.add(contest.name, entry, sample(number * 10))
    for contender in STARTS:
        for _ in range(rounds):
            results.add_start(contender, Start(0.25, 40 * 1024 * 1024))
    for language in MEASURED:
        for call in ("get", "put_if_version"):
            for _ in range(rounds):
                results.add_overhead(Overhead(language.title, call, 100.0, 108.0, 80.0, 88.0))
    return results


def of_rounds(contest: str, rounds: Mapping[Entry, Sequence[Sample]]) -> Results:
    """Return results that have those samples only."""
    results = Results("2 cores")
    for entry, samples in rounds.items():
        for one in samples:
            results.add(contest, entry, one)
    return results
