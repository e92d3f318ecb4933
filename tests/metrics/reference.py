"""The reference of all metrics in docs/metrics.md, as the catalogue has it.

Written anew by ``.venv/bin/python -m tests.metrics.reference``.
"""

from collections.abc import Mapping
from pathlib import Path

from bench.comparison.document import replace_parts
from pannier_server.metrics.catalogue import CATALOGUE, DURATIONS, LAGS, Merge, Metric, Source

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"

HEADINGS = ("Metric", "Type", "Labels", "Meaning", "Only with")


def parts() -> Mapping[str, str]:
    """Return the parts of the page that follow from the catalogue, by their names."""
    rule = ["---"] * len(HEADINGS)
    lines = [HEADINGS, rule, *map(_row, CATALOGUE.values())]
    return {
        "reference": "\n".join(f"| {' | '.join(line)} |" for line in lines),
        "durations": ", ".join(f"{bound:g}" for bound in DURATIONS),
        "lags": ", ".join(f"{bound:g}" for bound in LAGS),
    }


def _row(metric: Metric) -> tuple[str, ...]:
    least = ", least" if metric.merge is Merge.LEAST else ""
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    source = "" if metric.source is Source.ALL else f"`{metric.source}`"
    return f"`{metric.name}`", f"{metric.kind}{least}", labels, metric.help, source


if __name__ == "__main__":
    PAGE.write_text(replace_parts(PAGE.read_text(), parts()))
