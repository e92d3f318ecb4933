"""What a load test prints."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.ghz_runs import Calls


@dataclass(frozen=True)
class Measurement:
    """Calls of one kind to one server in one round, and the server's CPU time meanwhile."""

    calls: Calls
    cpu_seconds: float

    @property
    def cpu_microseconds(self) -> float:
        """CPU time per request."""
        return self.cpu_seconds / self.calls.requests * 1e6


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes:
        name: What was called.
        rounds: Its measurement in each round.
        echo: The echo's measurements in the same rounds, flat out.
        paced_echo: The echo's at the rate that this line had in the same round.
    """

    name: str
    rounds: Sequence[Measurement]
    echo: Sequence[Measurement] = ()
    paced_echo: Sequence[Measurement] = ()

    @property
    def errors(self) -> Counter[str]:
        """All that went wrong, in all rounds."""
        return sum((one.calls.errors for one in self.rounds), Counter())

    def ratio(self, others: Sequence[Measurement]) -> float | None:
        """Return CPU per request ÷ the other's in the same round, the median of the rounds.

        None where there is nothing to compare with.
        """
        if not others:
            return None
        pairs = zip(self.rounds, others, strict=True)
        return median(one.cpu_microseconds / other.cpu_microseconds for one, other in pairs)


HEADINGS = (
    "",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "errors",
    "CPU us/request",
    "÷ echo",
    "÷ paced echo",
)


def table(lines: Iterable[Line]) -> str:
    """Return the table, each figure the median of the rounds, errors their sum."""
    rows = [HEADINGS, *(_cells(line) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join(_aligned(row, widths) for row in rows)


def _cells(line: Line) -> Sequence[str]:
    calls = [one.calls for one in line.rounds]
    return (
        line.name,
        f"{median(one.rate for one in calls):,.0f}",
        f"{median(one.percentile(50) for one in calls) * 1e3:.2f}",
        f"{median(one.percentile(99) for one in calls) * 1e3:.2f}",
        f"{line.errors.total():,}",
        f"{median(one.cpu_microseconds for one in line.rounds):,.0f}",
        _shown(line.ratio(line.echo)),
        _shown(line.ratio(line.paced_echo)),
    )


def _shown(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return "   ".join(cells).rstrip()
