"""The measured parts of docs/reliability.md."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.comparison.document import replace_parts
from bench.comparison.tables import markdown
from tests.engines.cache import CHECKOUT
from tests.faults.kinds import Fault
from tests.linearizability.drill import injected
from tests.linearizability.figures import Figures, figures_of
from tests.linearizability.trial import Result

PAGE = CHECKOUT / "docs" / "reliability.md"


def parts(results: Sequence[Result]) -> Mapping[str, str]:
    """Return the parts by their names."""
    figures = [figures_of(result.calls) for result in results]
    return {
        "verdict": _verdict(results, figures),
        "faults": _faults(results, figures),
        "trials": _trials(results, figures),
    }


def write(results: Sequence[Result], page: Path = PAGE) -> None:
    """Put the parts into the page."""
    page.write_text(replace_parts(page.read_text(), parts(results)))


def _verdict(results: Sequence[Result], figures: Sequence[Figures]) -> str:
    total = sum(figures[1:], start=figures[0])
    unexplained = sum(len(result.verdict.illegal) for result in results)
    undecided = sum(len(result.verdict.undecided) for result in results)
    rows = [
        ("calls", total.calls),
        ("records checked", sum(result.verdict.keys for result in results)),
        ("faults injected", sum(injected(results).values())),
        ("sidecars killed (-9) and restarted", sum(result.kills for result in results)),
        ("records with a lost write, a stale read or any answer that does not fit", unexplained),
        ("records that the checker could not decide in time", undecided),
        ("conflicts of a write with itself (false conflicts)", total.false_conflicts),
        ("writes said not to be applied that were", total.denied),
        ("writes of unknown outcome", total.unknown),
        ("of these, seen to be applied", total.unknown_applied),
        (
            "writes applied again after two others or a delete, as the contract allows",
            total.written_again,
        ),
    ]
    return markdown(("", "count"), [(name, f"{count:,}") for name, count in rows])


def _faults(results: Sequence[Result], figures: Sequence[Figures]) -> str:
    total = injected(results)
    own = {
        result.trial.name: (result, counted)
        for result, counted in zip(results, figures, strict=True)
    }
    rows = []
    for fault in Fault:
        result, counted = own[fault]
        made = result.injected[fault]
        lost = counted.failed + counted.unknown
        rows.append(
            (
                fault,
                f"{total[fault]:,}",
                f"{made:,}",
                f"{max(0, made - lost):,}",
                f"{counted.failed:,}",
                f"{counted.unknown:,}",
                "0" if result.verdict.is_legal else "**not explained**",
            )
        )
    headings = (
        "Fault",
        "injected",
        "in its own trial",
        "survived",
        "failed, not written",
        "unknown",
        "lost writes",
    )
    return markdown(headings, rows)


def _trials(results: Sequence[Result], figures: Sequence[Figures]) -> str:
    rows = [
        (
            result.trial.name,
            f"{counted.calls:,}",
            f"{counted.succeeded / counted.calls:.1%}",
            f"{counted.refused:,}",
            f"{counted.failed:,}",
            f"{counted.unknown:,}",
            f"{result.kills:,}",
            f"{result.verdict.keys:,}",
            "all" if result.verdict.is_legal else "**not all**",
        )
        for result, counted in zip(results, figures, strict=True)
    ]
    headings = (
        "Trial",
        "calls",
        "succeeded",
        "refused",
        "failed",
        "unknown",
        "kills",
        "records",
        "explained",
    )
    return markdown(headings, rows)
