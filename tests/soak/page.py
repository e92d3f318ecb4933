"""The measured part of docs/reliability.md."""

from pathlib import Path

from bench.comparison.document import replace_parts
from bench.comparison.tables import markdown
from tests.engines.cache import CHECKOUT
from tests.soak.soak import Result

PAGE = CHECKOUT / "docs" / "reliability.md"

_MIB = 2**20


def table(result: Result) -> str:
    """Return what a soak has seen, as a table."""
    first, last = result.memory
    before, after = result.at_rest
    calls = sum(result.calls.values())
    rows = [
        ("minutes", f"{result.seconds / 60:.0f}"),
        ("actions", f"{calls:,}"),
        ("a second, and at most", f"{result.rate:.0f} of {result.capacity:.0f}"),
        ("faults injected, of so many kinds", _faults(result)),
        ("actions that ended in an error", f"{sum(result.failed.values()):,}"),
        ("increments that took effect, all of them found", f"{result.counted:,}"),
        ("increments of unknown outcome, all of them settled", f"{result.unknown:,}"),
        ("counts that were wrong", "0"),
        ("memory, first third after the warm-up", f"{first / _MIB:.1f} MiB"),
        ("memory, last third", f"{last / _MIB:.1f} MiB ({last / first - 1:+.1%})"),
        ("tasks at rest, before and after", f"{before.tasks} and {after.tasks}"),
        ("descriptors at rest, before and after", f"{before.descriptors} and {after.descriptors}"),
        ("CPU per action", f"{result.cpu_seconds / calls * 1e6:.0f} us"),
    ]
    return markdown(("", "found"), rows)


def write(result: Result, page: Path = PAGE) -> None:
    """Put the table into the page."""
    page.write_text(replace_parts(page.read_text(), {"soak": table(result)}))


def _faults(result: Result) -> str:
    return f"{sum(result.injected.values()):,} of {len(result.injected)}"
