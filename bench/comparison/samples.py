"""What is kept of one measurement, and of a whole run."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from statistics import median
from typing import Self

from bench.comparison.entries import Contender, Entry
from bench.comparison.overheads import Overhead
from bench.ghz_runs import Calls

TAIL_CALLS = 1000
"""With fewer calls there is no 99.9th percentile to speak of."""


@dataclass(frozen=True)
class Sample:
    """One entry in one round. Times are in seconds.

    Attributes:
        requests: How many calls were made.
        seconds: How long they took in all.
        cpu_seconds: What the server used meanwhile, user and system, with all its processes.
        p50: The latency that half of the calls kept within.
        p99: The same for 99 %.
        p999: The same for 99.9 %; None where there were fewer than 1,000 calls.
        peak_bytes: The most memory that was resident meanwhile, of all its processes.
        engine_cpu_seconds: What the engine used meanwhile; None where there is none.
        errors: Calls that failed, by what was said.
    """

    requests: int
    seconds: float
    cpu_seconds: float
    p50: float
    p99: float
    p999: float | None
    peak_bytes: int
    engine_cpu_seconds: float | None = None
    errors: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        calls: Calls,
        *,
        cpu_seconds: float,
        peak_bytes: int,
        engine_cpu_seconds: float | None = None,
    ) -> Self:
        """Keep what the tables need of ``calls``."""
        return cls(
            requests=calls.requests,
            seconds=_rounded(calls.seconds),
            cpu_seconds=_rounded(cpu_seconds),
            p50=_rounded(calls.percentile(50)),
            p99=_rounded(calls.percentile(99)),
            p999=_rounded(calls.percentile(99.9)) if calls.requests >= TAIL_CALLS else None,
            peak_bytes=peak_bytes,
            engine_cpu_seconds=None if engine_cpu_seconds is None else _rounded(engine_cpu_seconds),
            errors=dict(calls.errors),
        )

    @classmethod
    def of_turns(cls, turns: Sequence[Self]) -> Self:
        """Return what several turns of an entry were together; latencies are their medians."""
        tails = [one.p999 for one in turns if one.p999 is not None]
        engine = [one.engine_cpu_seconds for one in turns if one.engine_cpu_seconds is not None]
        return cls(
            requests=sum(one.requests for one in turns),
            seconds=_rounded(sum(one.seconds for one in turns)),
            cpu_seconds=_rounded(sum(one.cpu_seconds for one in turns)),
            p50=_rounded(median(one.p50 for one in turns)),
            p99=_rounded(median(one.p99 for one in turns)),
            p999=_rounded(median(tails)) if len(tails) == len(turns) else None,
            peak_bytes=max(one.peak_bytes for one in turns),
            engine_cpu_seconds=_rounded(sum(engine)) if engine else None,
            errors=sum((Counter(one.errors) for one in turns), Counter()),
        )


@dataclass(frozen=True)
class Start:
    """One start of a server.

    Attributes:
        seconds: From the start of its process to its first answer.
        resident_bytes: Its memory then, of all its processes.
    """

    seconds: float
    resident_bytes: int


@dataclass
class Results:
    """What a run has measured so far, one sample for each round.

    Attributes:
        machine: What it ran on, as the page names it.
        samples: By contest and entry.
        starts: By server.
        overheads: By language and call.
    """

    machine: str
    samples: dict[str, dict[Entry, list[Sample]]] = field(default_factory=dict)
    starts: dict[Contender, list[Start]] = field(default_factory=dict)
    overheads: dict[tuple[str, str], list[Overhead]] = field(default_factory=dict)

    def add(self, contest: str, entry: Entry, sample: Sample) -> None:
        """Keep the sample of another round."""
        self.samples.setdefault(contest, {}).setdefault(entry, []).append(sample)

    def add_start(self, contender: Contender, start: Start) -> None:
        """Keep the start of another round."""
        self.starts.setdefault(contender, []).append(start)

    def add_overhead(self, overhead: Overhead) -> None:
        """Keep a client's overhead of another round."""
        self.overheads.setdefault((overhead.language, overhead.call), []).append(overhead)

    def updated(self, later: Self) -> Self:
        """Return these results, with what a later run has measured in place of the same here."""
        return replace(
            self,
            samples=self.samples | later.samples,
            starts=self.starts | later.starts,
            overheads=self.overheads | later.overheads,
        )

    def problems(self) -> Iterator[str]:
        """Return a line for each kind of call that failed."""
        for contest, entries in self.samples.items():
            for entry, samples in entries.items():
                for number, sample in enumerate(samples, start=1):
                    for error, count in sample.errors.items():
                        where = f"{contest}, {entry.kind}, {entry.call}, round {number}"
                        yield f"{where}: {count} of {sample.requests} calls: {error}"

    def lines(self) -> Iterator[str]:
        """Return everything as lines of JSON: the machine, then one for each entry and server."""
        yield json.dumps({"machine": self.machine})
        for contest, entries in self.samples.items():
            for entry, samples in entries.items():
                rounds = [asdict(sample) for sample in samples]
                yield json.dumps({"contest": contest, "entry": asdict(entry), "rounds": rounds})
        for contender, starts in self.starts.items():
            rounds = [asdict(start) for start in starts]
            yield json.dumps({"contender": asdict(contender), "rounds": rounds})
        for (language, call), overheads in self.overheads.items():
            rounds = [asdict(overhead) for overhead in overheads]
            yield json.dumps({"client": language, "call": call, "rounds": rounds})

    @classmethod
    def of_lines(cls, lines: Iterable[str]) -> Self:
        """Return the results that `lines` was called on."""
        head, *rest = map(json.loads, lines)
        results = cls(head["machine"])
        for one in rest:
            for measured in one["rounds"]:
                if "entry" in one:
                    entry = Entry.of_plain(one["entry"])
                    results.add(one["contest"], entry, Sample(**measured))
                elif "client" in one:
                    results.add_overhead(Overhead(**measured))
                else:
                    results.add_start(Contender.of_plain(one["contender"]), Start(**measured))
        return results


def _rounded(seconds: float) -> float:
    """Return whole microseconds; the rest is noise."""
    return round(seconds, 6)
