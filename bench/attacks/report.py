"""The comparison as a Markdown table."""

from collections.abc import Callable, Sequence

from bench.attacks.figures import Phase, Row, Side

MIB = 1024 * 1024

Cell = Callable[[Row], str]


def table(rows: Sequence[Row]) -> str:
    """Return the table: times are the victim's p50 / p99 in ms, memory is in MiB."""
    columns = _columns(rows)
    lines = [list(columns), ["---", *["---:"] * (len(columns) - 1)]]
    lines += [[cell(row) for cell in columns.values()] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _columns(rows: Sequence[Row]) -> dict[str, Cell]:
    ours = rows[0].ours.transport
    columns: dict[str, Cell] = {
        "attack": lambda row: row.attack,
        "frames/s": lambda row: f"{row.ours.attacker.frames_per_second:,.0f}",
        "thrown out": lambda row: f"{row.ours.attacker.reconnections:,}",
        "attacker CPU": lambda row: f"{row.ours.attacker.share:.2f}",
        "quiet": lambda row: _times(row.quiet),
        "beside a plain process": lambda row: _times(row.beside),
        ours: lambda row: _times(row.ours.phase),
        "÷ plain": lambda row: f"{row.ratio:.1f}",
        **_side(ours, lambda row: row.ours),
    }
    theirs = rows[0].theirs
    if theirs:
        columns[theirs.transport] = lambda row: _of_side(
            row.theirs, lambda side: _times(side.phase)
        )
        columns |= _side(theirs.transport, lambda row: row.theirs)
    columns["missed"] = lambda row: ", ".join(row.missed)
    return columns


def _side(name: str, side: Callable[[Row], Side | None]) -> dict[str, Cell]:
    """Return the columns that both sides have."""
    cells: dict[str, Callable[[Side], str]] = {
        "new connections": lambda one: f"{one.phase.fresh.worst * 1e3:.0f}",
        "errors": lambda one: f"{one.phase.errors.total():,}",
        "memory": lambda one: _memory(one.phase),
        "CPU": lambda one: f"{one.phase.server_share:.2f}",
    }

    def column(cell: Callable[[Side], str]) -> Cell:
        return lambda row: _of_side(side(row), cell)

    return {f"{name}: {heading}": column(cell) for heading, cell in cells.items()}


def _of_side(side: Side | None, cell: Callable[[Side], str]) -> str:
    return cell(side) if side else ""


def _times(phase: Phase) -> str:
    return f"{phase.steady.p50 * 1e3:.2f} / {phase.steady.p99 * 1e3:.2f}"


def _memory(phase: Phase) -> str:
    return f"{phase.growth / MIB:+.0f} (peak {phase.peak_growth / MIB:+.0f})"
