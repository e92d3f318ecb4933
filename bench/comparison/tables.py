"""Tables in Markdown: ratios first, absolute figures after them."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from bench.comparison import figures
from bench.comparison.contests import STARTS, Contest
from bench.comparison.entries import Contender, Engine, Entry, Kind
from bench.comparison.figures import Figure
from bench.comparison.goals import ClientGoal, Goal
from bench.comparison.overheads import Overhead
from bench.comparison.samples import Results, Sample

MIB = 1024 * 1024
KB = 1024
HEADINGS: Mapping[str, str] = {
    "kind": "server",
    "call": "call",
    "engine": "records in",
    "callers": "callers",
    "record_bytes": "value",
    "workers": "workers",
    "listener": "over",
    "pace": "pace",
    "metrics": "metrics",
}
"""How the tables name the attributes of an entry."""
FIGURES = ("requests/s", "p50 ms", "p99 ms", "p99.9 ms", "CPU us/request", "peak MiB")
ENGINE_FIGURE = "engine's CPU us"
FIGURE_NAMES: Mapping[Figure, str] = {figures.cpu: "CPU", figures.p50: "p50"}
TEXT = {"kind", "call", "engine", "listener", "pace", "metrics"}


def markdown(headings: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1) -> str:
    """Return a table.

    Args:
        headings: Of its columns.
        rows: As many cells each.
        texts: So many columns from the left hold text; numbers in the others keep right.
    """
    lines = [headings, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]

    def aligned(line: Sequence[str]) -> str:
        cells = [
            cell.ljust(width) if column < texts else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        return f"| {' | '.join(cells)} |"

    rule = [
        "-" * width if column < texts else "-" * (width - 1) + ":"
        for column, width in enumerate(widths)
    ]
    return "\n".join(map(aligned, (headings, rule, *lines[1:])))


def goals_table(goals: Sequence[Goal | ClientGoal], results: Results) -> str:
    """Return what was to be reached beside what was."""
    rows = [
        (
            goal.name,
            f"≤ {goal.limit}",
            _ratio(measured.median),
            f"{_ratio(measured.least)} to {_ratio(measured.most)}",
            "yes" if goal.is_met(measured) else "**no**",
        )
        for goal in goals
        if (measured := goal.measured(results))
    ]
    headings = ("Ratio", "goal", "measured", "least and most of the rounds", "met")
    return markdown(headings, rows)


def contest_table(contest: Contest, results: Results) -> str:
    """Return a contest's table."""
    measured = results.samples[contest.name]
    ratio = f"{FIGURE_NAMES[contest.figure]} ÷ {contest.base}"
    headings = [*(HEADINGS[name] for name in contest.shows), ratio, *FIGURES]
    if contest.shows_engine:
        headings.append(ENGINE_FIGURE)
    rows = [
        (
            *_shown(entry, contest.shows),
            _compared(contest, entry, measured),
            *_figures(samples, engine=contest.shows_engine),
        )
        for entry in contest.entries
        if (samples := measured.get(entry))
    ]
    return markdown(headings, rows, texts=sum(name in TEXT for name in contest.shows))


def starts_table(results: Results) -> str:
    """Return how long servers took to start and what they held then."""
    rows = [
        (
            contender.kind,
            "" if contender.engine is Engine.NONE else contender.engine,
            str(contender.workers),
            _start_ratio(contender, results),
            f"{median(start.seconds for start in starts) * 1e3:,.0f}",
            f"{median(start.resident_bytes for start in starts) / MIB:,.0f}",
        )
        for contender in STARTS
        if (starts := results.starts.get(contender))
    ]
    headings = (
        "server",
        "records in",
        "workers",
        f"time ÷ {Kind.PANNIER_H2}",
        "first answer after ms",
        "memory then MiB",
    )
    return markdown(headings, rows, texts=2)


def overheads_table(results: Results) -> str:
    """Return what clients take beside the bare stubs of their languages."""
    rows = [
        (
            language,
            call,
            _ratio(median(one.ratio for one in measured)),
            f"{median(one.stub_wall for one in measured):,.0f}",
            f"{median(one.client_wall for one in measured):,.0f}",
            *_cpu_of_client(measured),
        )
        for (language, call), measured in results.overheads.items()
    ]
    headings = (
        "client",
        "call",
        "time ÷ bare stub",
        "stub us",
        "client us",
        "stub's CPU us",
        "client's CPU us",
    )
    return markdown(headings, rows, texts=2)


def _cpu_of_client(measured: Sequence[Overhead]) -> tuple[str, str]:
    stub = [one.stub_cpu for one in measured if one.stub_cpu is not None]
    client = [one.client_cpu for one in measured if one.client_cpu is not None]
    if not (stub and client):
        return "", ""
    return f"{median(stub):,.0f}", f"{median(client):,.0f}"


def _start_ratio(contender: Contender, results: Results) -> str:
    """Return its time over that of one worker of ours with the same records."""
    reference = Contender(Kind.PANNIER_H2, contender.engine)
    if contender == reference or reference not in results.starts:
        return ""
    pairs = zip(results.starts[contender], results.starts[reference], strict=True)
    return _ratio(median(one.seconds / other.seconds for one, other in pairs))


def size(record_bytes: int) -> str:
    """Return a size for people."""
    return f"{record_bytes // KB} KB" if record_bytes >= KB else f"{record_bytes} B"


def _shown(entry: Entry, names: Sequence[str]) -> Sequence[str]:
    shown = {
        "record_bytes": size(entry.record_bytes),
        "pace": f"{entry.pace} calls/s" if entry.pace else "as fast as it goes",
    }
    if entry.engine is Engine.NONE:
        shown["engine"] = ""
    return [shown.get(name, str(getattr(entry, name))) for name in names]


def _compared(contest: Contest, entry: Entry, measured: Mapping[Entry, Sequence[Sample]]) -> str:
    reference = contest.reference(entry)
    if reference is None or reference not in measured:
        return ""
    return _ratio(figures.ratio(measured[entry], measured[reference], contest.figure).median)


def _figures(samples: Sequence[Sample], *, engine: bool) -> Sequence[str]:
    tails = [sample.p999 for sample in samples if sample.p999 is not None]
    return [
        f"{median(map(figures.rate, samples)):,.0f}",
        _milliseconds(median(map(figures.p50, samples))),
        _milliseconds(median(map(figures.p99, samples))),
        _milliseconds(median(tails)) if len(tails) == len(samples) else "",
        _microseconds(median(map(figures.cpu, samples))),
        f"{median(map(figures.peak, samples)) / MIB:,.0f}",
        *([_microseconds(median(map(figures.engine_cpu, samples)))] if engine else ()),
    ]


def _ratio(value: float) -> str:
    """Return a ratio with two digits that count, three below 0.1."""
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:,.2f}" if seconds < 0.1 else f"{seconds * 1e3:,.0f}"


def _microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:,.1f}" if seconds < 100e-6 else f"{seconds * 1e6:,.0f}"
