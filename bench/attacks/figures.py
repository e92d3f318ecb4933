"""What a phase of the comparison found, and how it is kept for reports."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import msgspec

from bench.attacks.calling import TIME_LIMIT

RESULTS = Path(__file__).resolve().parents[2] / ".cache" / "bench" / "attacks.json"
GOAL_RATIO = 3.0
"""How many times its p99 beside a plain process a client's p99 under attack may be."""
GOAL_GROWTH = 16 * 1024 * 1024
"""How many bytes more than before a server may hold a second after an attack."""


@dataclass(frozen=True)
class VictimCall:
    """One of the victim's calls: times in seconds, the outcome ``OK`` or what went wrong."""

    due: float
    latency: float
    outcome: str
    fresh: bool


@dataclass(frozen=True)
class Latencies:
    """The victim's calls in one phase, in seconds from when each was due.

    A call that failed counts as one that took the time limit, however fast it failed.
    """

    calls: int
    p50: float
    p99: float
    worst: float
    errors: Mapping[str, int]

    @classmethod
    def of(cls, calls: Iterable[VictimCall]) -> Self:
        """Sum up calls; without any, all is zero."""
        calls = list(calls)
        taken = sorted(_counted(call) for call in calls) or [0.0]
        errors = Counter(call.outcome for call in calls if call.outcome != "OK")
        return cls(len(calls), _quantile(taken, 0.5), _quantile(taken, 0.99), taken[-1], errors)


@dataclass(frozen=True)
class Phase:
    """A server and its victim during one phase.

    Attributes:
        steady: The victim's calls on connections that stay open.
        fresh: Its calls on new connections.
        server_share: CPU seconds of the server in a second.
        memory_before: Resident bytes of the server just before.
        memory_after: A second after the end.
        memory_peak: The most of it from before until then.
        tracebacks: How many exceptions the server logged.
    """

    steady: Latencies
    fresh: Latencies
    server_share: float
    memory_before: int
    memory_after: int
    memory_peak: int
    tracebacks: int

    @property
    def errors(self) -> Counter[str]:
        """All that went wrong with the victim's calls."""
        return Counter(self.steady.errors) + Counter(self.fresh.errors)

    @property
    def growth(self) -> int:
        """How many bytes more the server held afterwards."""
        return self.memory_after - self.memory_before

    @property
    def peak_growth(self) -> int:
        """How many bytes more it held at the worst time."""
        return self.memory_peak - self.memory_before


@dataclass(frozen=True)
class Assailant:
    """What the attacker did in one phase, per second where it says so.

    Attributes:
        share: Its CPU seconds in a second.
        ends: Why the server closed connections, as far as it said.
    """

    frames_per_second: float
    streams_per_second: float
    bytes_per_second: float
    share: float
    connections: int
    reconnections: int
    ends: Mapping[str, int]

    @classmethod
    def of(cls, report: Mapping[str, Any]) -> Self:
        """Read the attacker's report."""
        seconds = report["seconds"]
        return cls(
            frames_per_second=report["frames_sent"] / seconds,
            streams_per_second=report["streams_sent"] / seconds,
            bytes_per_second=report["bytes_sent"] / seconds,
            share=report["cpu_seconds"] / seconds,
            connections=report["connections"],
            reconnections=report["reconnections"],
            ends=report["ends"],
        )


@dataclass(frozen=True)
class Side:
    """One transport under one attack."""

    transport: str
    attacker: Assailant
    phase: Phase


@dataclass(frozen=True)
class Row:
    """One attack, on our transport and on the one that it is compared with.

    Attributes:
        quiet: Our server and the victim alone.
        beside: The same beside a plain process that uses ``beside_share`` of a core, about
            what the attacker of ``ours`` used.
        theirs: None where only one transport was attacked.
    """

    attack: str
    purpose: str
    seconds: float
    quiet: Phase
    beside: Phase
    beside_share: float
    ours: Side
    theirs: Side | None

    @property
    def ratio(self) -> float:
        """The victim's p99 under attack ÷ its p99 beside the plain process."""
        return self.ours.phase.steady.p99 / self.beside.steady.p99

    @property
    def missed(self) -> Sequence[str]:
        """The goals that it misses, in a word or two each."""
        ours = self.ours.phase
        problems = {
            f"p99 above {GOAL_RATIO:g} times": self.ratio > GOAL_RATIO,
            "memory grew": ours.growth > GOAL_GROWTH,
            "failed calls": bool(ours.errors),
            "exceptions logged": bool(ours.tracebacks),
        }
        if self.theirs:
            other = self.theirs.phase.steady
            problems[f"p99 above {self.theirs.transport}'s"] = ours.steady.p99 > other.p99
        return [problem for problem, is_so in problems.items() if is_so]


def rows(results: Path = RESULTS) -> Sequence[Row]:
    """Return what the last run found.

    Raises:
        FileNotFoundError: there was none in this checkout.
    """
    return msgspec.json.decode(results.read_bytes(), type=list[Row])


def save(found: Sequence[Row], results: Path = RESULTS) -> None:
    """Keep what a run found."""
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1))


def _counted(call: VictimCall) -> float:
    return call.latency if call.outcome == "OK" else max(call.latency, TIME_LIMIT)


def _quantile(ordered: Sequence[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
