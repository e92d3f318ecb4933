"""The plots of the page, as SVG.

Each has a light ground of its own, so that it reads the same on a light and a dark page.
Text stays text.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.comparison import figures
from bench.comparison.contests import (
    AIO,
    BOTO3,
    CALLERS,
    GO,
    GRPCIO,
    H2,
    MEMORY_GET,
    NAIVE,
    OURS,
    RECORD_BYTES,
)
from bench.comparison.entries import Call, Entry, Kind
from bench.comparison.figures import Figure
from bench.comparison.samples import Results
from bench.comparison.tables import size

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure as Drawing

# Colours of Okabe and Ito, which people who do not see all colours can tell apart.
COLOURS: Mapping[Kind, str] = {
    Kind.ECHO_GRPC_GO: "#009e73",
    Kind.ECHO_H2: "#0072b2",
    Kind.ECHO_GRPC_AIO: "#e69f00",
    Kind.PANNIER_H2: "#0072b2",
    Kind.PANNIER_GRPCIO: "#e69f00",
    Kind.BOTO3_SERVICER: "#8c8c8c",
    Kind.BOTO3: "#d55e00",
}
STYLE: Mapping[Any, Any] = {
    "figure.facecolor": "#ffffff",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 11,
    "text.color": "#222222",
    "axes.edgecolor": "#999999",
    "axes.labelcolor": "#444444",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "grid.color": "#e5e5e5",
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "legend.frameon": False,
    "lines.linewidth": 2,
    "svg.fonttype": "none",
    # The same figures give the same bytes.
    "svg.hashsalt": "pannier",
}
WIDTH = 7.6
"""Of all plots, in inches, as other sizes here."""
BAR_HEIGHT = 0.42
PANELS_HEIGHT = 3.9
WIDE = 50.0
"""From here on a logarithmic axis gets fewer marks."""

WAYS = (H2, GRPCIO, BOTO3, NAIVE)
"""The ways to a record, in the order of the legends."""

Bar = tuple[str, Entry]
Series = Mapping[Kind, Sequence[float]]


def draw_all(results: Results, folder: Path) -> Sequence[Path]:
    """Draw what ``results`` have into SVG files in ``folder``, and return these."""
    import matplotlib as mpl

    files = []
    with mpl.rc_context(dict(STYLE)):
        for contest, draw in DRAWERS.items():
            if contest in results.samples:
                files.append(folder / f"{contest}.svg")
                draw(results).savefig(files[-1], metadata={"Date": None, "Creator": None})
    return files


def _echo(results: Results) -> "Drawing":
    bars = [
        ("our transport: bare echo", OURS),
        ("grpc-go: bare echo", GO),
        ("Pannier, h2: Get from memory", MEMORY_GET),
        ("grpc.aio: bare echo", AIO),
    ]
    return _bar_chart(results, "echo", bars, log=True)


def _paths(results: Results) -> "Drawing":
    bars = [(str(entry.kind), entry) for entry in WAYS]
    return _bar_chart(results, "paths", bars)


def _callers(results: Results) -> "Drawing":
    drawing, panels = _panels(2)
    for axes, name, figure in zip(panels, ("p50", "p99"), (figures.p50, figures.p99), strict=True):
        series = {
            one.kind: _medians(
                results, "callers", [replace(one, callers=callers) for callers in CALLERS], figure
            )
            for one in WAYS
        }
        _lines(axes, CALLERS, series, factor=1e3)
        axes.set_title(f"{name} of a Get, ms")
        axes.set_xlabel("callers")
        axes.set_xticks(CALLERS, [str(callers) for callers in CALLERS])
    _legend(drawing, panels[0])
    return drawing


def _sizes(results: Results) -> "Drawing":
    drawing, panels = _panels(2)
    for axes, call, kinds in zip(panels, (Call.GET, Call.PUT), (WAYS, WAYS[:2]), strict=True):
        series = {
            one.kind: _medians(
                results,
                "sizes",
                [replace(one, call=call, record_bytes=number) for number in RECORD_BYTES],
                figures.cpu,
            )
            for one in kinds
        }
        _lines(axes, RECORD_BYTES, series, factor=1e6)
        axes.set_title(f"CPU of a {call}, us")
        axes.set_xlabel("value")
        axes.set_xticks(RECORD_BYTES, [size(number) for number in RECORD_BYTES])
    _legend(drawing, panels[0])
    return drawing


def _medians(
    results: Results, contest: str, entries: Sequence[Entry], figure: Figure
) -> Sequence[float]:
    samples = results.samples[contest]
    return [median(map(figure, samples[entry])) for entry in entries]


def _bar_chart(
    results: Results, contest: str, bars: Sequence[Bar], *, log: bool = False
) -> "Drawing":
    """Draw CPU per request as horizontal bars, the shortest on top."""
    from matplotlib.figure import Figure as Drawing

    costs = _medians(results, contest, [entry for _, entry in bars], figures.cpu)
    ranked = sorted(zip(costs, bars, strict=True), key=lambda one: one[0], reverse=True)
    drawing = Drawing(figsize=(WIDTH, BAR_HEIGHT * len(bars) + 0.9), layout="constrained")
    axes = drawing.subplots()
    drawn = axes.barh(
        [label for _, (label, _) in ranked],
        [cost * 1e6 for cost, _ in ranked],
        color=[COLOURS[entry.kind] for _, (_, entry) in ranked],
        height=0.62,
        log=log,
    )
    axes.bar_label(drawn, [f"{cost * 1e6:,.0f}" for cost, _ in ranked], padding=4)
    axes.set_xlabel(f"CPU per request, us{' (logarithmic)' if log else ''}")
    axes.margins(x=0.12)
    axes.grid(axis="x")
    axes.tick_params(length=0)
    axes.spines["bottom"].set_visible(False)
    if log:
        # A bar has no zero to start from here; half of the least leaves each one visible.
        axes.set_xlim(left=ranked[-1][0] * 1e6 / 2)
    _plain_ticks(axes.xaxis)
    return drawing


def _panels(count: int) -> tuple["Drawing", Sequence["Axes"]]:
    from matplotlib.figure import Figure as Drawing
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    drawing = Drawing(figsize=(WIDTH, PANELS_HEIGHT), layout=ConstrainedLayoutEngine(wspace=0.05))
    return drawing, list(drawing.subplots(1, count, sharey=True))


def _lines(axes: "Axes", places: Sequence[int], series: Series, *, factor: float) -> None:
    """Draw a line for each kind, on logarithmic axes."""
    from matplotlib.ticker import NullLocator

    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    for kind, values in series.items():
        scaled = [value * factor for value in values]
        axes.plot(places, scaled, marker="o", markersize=5, color=COLOURS[kind], label=kind)
    axes.grid(axis="y")
    axes.tick_params(length=0)
    _plain_ticks(axes.yaxis)


def _plain_ticks(axis: "Axis") -> None:
    """Write 1,000 where matplotlib would write a power of ten, and enough of such marks."""
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    axis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    if axis.get_scale() == "log":
        least, most = axis.get_view_interval()
        between = (1.0, 3.0) if most > least * WIDE else (1.0, 2.0, 5.0)
        axis.set_major_locator(LogLocator(subs=between))
        axis.set_minor_locator(NullLocator())


def _legend(drawing: "Drawing", axes: "Axes") -> None:
    lines, labels = axes.get_legend_handles_labels()
    drawing.legend(lines, labels, loc="outside upper left", ncols=2)


DRAWERS: Mapping[str, Callable[[Results], "Drawing"]] = {
    "echo": _echo,
    "paths": _paths,
    "callers": _callers,
    "sizes": _sizes,
}
"""What draws a contest's plot, by its name, which is the file's too."""
