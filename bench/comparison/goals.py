"""What the sidecar and its transport must reach, as ratios within one run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.comparison.contests import (
    AIO,
    GO,
    GRPCIO,
    H2,
    MEMORY_GET,
    METERED_GET,
    NAIVE,
    OURS,
    PACE,
    lone_get,
    paced,
)
from bench.comparison.entries import Call, Engine, Entry, Kind, Metrics
from bench.comparison.figures import Figure, Spread, cpu, p50, ratio
from bench.comparison.overheads import MEASURED
from bench.comparison.samples import Results


@dataclass(frozen=True)
class Goal:
    """A ratio that is to be no more than ``at_most``.

    Attributes:
        name: What is divided by what.
        contest: Where both are measured, right after each other.
        figure: What of them is compared.
        over: The numerator.
        under: The denominator.
        at_most: The limit.
        stands_for: How the limit is written; empty for its digits.
    """

    name: str
    contest: str
    figure: Figure
    over: Entry
    under: Entry
    at_most: float
    stands_for: str = ""

    @property
    def limit(self) -> str:
        """The limit, for people."""
        return self.stands_for or f"{self.at_most:g}"

    def measured(self, results: Results) -> Spread | None:
        """Return the ratio over the rounds; None where it was not measured."""
        entries = results.samples.get(self.contest, {})
        if self.over not in entries or self.under not in entries:
            return None
        return ratio(entries[self.over], entries[self.under], self.figure)

    def is_met(self, measured: Spread) -> bool:
        """Tell whether the median of the rounds is within the limit."""
        return measured.median <= self.at_most


@dataclass(frozen=True)
class ClientGoal:
    """A Get through a client is to take little longer than through its bare stub.

    Attributes:
        language: What people call it.
        at_most: The limit of the ratio.
    """

    language: str
    at_most: float = 1.1

    @property
    def name(self) -> str:
        """What is divided by what."""
        return f"time of a Get, {self.language} client ÷ its bare stub"

    @property
    def limit(self) -> str:
        """The limit, for people."""
        return f"{self.at_most:g}"

    def measured(self, results: Results) -> Spread | None:
        """Return the ratio over the rounds; None where it was not measured."""
        overheads = results.overheads.get((self.language, "get"))
        return Spread.of(one.ratio for one in overheads) if overheads else None

    def is_met(self, measured: Spread) -> bool:
        """Tell whether the median of the rounds is within the limit."""
        return measured.median <= self.at_most


def _write_over_read(engine: Engine) -> Goal:
    get = replace(H2, engine=engine)
    write = replace(get, call=Call.PUT_IF_VERSION)
    contest = "calls" if engine is Engine.FIXED else "dynamodb"
    name = f"CPU of a PutIfVersion ÷ of a Get, {engine}"
    return Goal(name, contest, cpu, write, get, 1.3)


def _paced_write_over_read() -> Goal:
    name = f"the same, DynamoDB Local, {PACE} calls a second each"
    return Goal(name, "paced", cpu, paced(Call.PUT_IF_VERSION), paced(Call.GET), 1.3)


def _metered(name: str, entry: Entry) -> Goal:
    return Goal(name, "metrics", cpu, entry, replace(entry, metrics=Metrics.OFF), 1.03)


SERVER_GOALS: Sequence[Goal] = (
    Goal("CPU of a bare echo, our transport ÷ grpc-go", "echo", cpu, OURS, GO, 0.8),
    Goal("CPU of a bare echo, our transport ÷ grpc.aio", "echo", cpu, OURS, AIO, 1 / 10, "1/10"),
    Goal("CPU of a Get from memory ÷ of grpc-go's bare echo", "echo", cpu, MEMORY_GET, GO, 1.2),
    Goal(
        "CPU of a Get, Pannier ÷ boto3 behind grpcio threads, fixed responder",
        "paths",
        cpu,
        H2,
        NAIVE,
        1 / 12,
        "1/12",
    ),
    Goal(
        "CPU of a Get, Pannier on h2 ÷ on grpcio, fixed responder",
        "paths",
        cpu,
        H2,
        GRPCIO,
        1 / 3,
        "1/3",
    ),
    Goal(
        "p50 of a lone Get, through Pannier ÷ boto3 in process, DynamoDB Local",
        "lone",
        p50,
        lone_get(Kind.PANNIER_H2),
        lone_get(Kind.BOTO3),
        0.6,
    ),
    _write_over_read(Engine.FIXED),
    _write_over_read(Engine.DYNAMODB),
    _paced_write_over_read(),
    _metered(f"CPU of a Get, metrics on ÷ off, DynamoDB Local, {PACE} calls a second", METERED_GET),
    _metered("the same, as fast as DynamoDB Local goes", replace(METERED_GET, pace=0)),
)
CLIENT_GOALS = tuple(ClientGoal(language.title) for language in MEASURED)
GOALS: Sequence[Goal | ClientGoal] = (*SERVER_GOALS, *CLIENT_GOALS)
