"""The table of scenarios by language in docs/clients.md."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from bench.comparison.document import replace_parts
from bench.comparison.tables import markdown
from tests.clients.languages import LANGUAGES, ROOT
from tests.conformance.play import SCENARIOS, Outcome

PAGE = ROOT / "docs" / "clients.md"
PART = "scenarios"

_FAILED = re.compile(r"^FAILED (.+?): ", re.MULTILINE)


def topics() -> Mapping[str, int]:
    """Return how many scenarios each topic has."""
    found = {}
    for file in SCENARIOS:
        content = json.loads(file.read_text())
        found[content["topic"]] = len(content["scenarios"])
    return found


def table(outcomes: Mapping[str, Outcome]) -> str:
    """Return how many scenarios of each topic passed in each language.

    Args:
        outcomes: What the runners said, by the names of `LANGUAGES`.
    """
    titles = [LANGUAGES[name].title for name in outcomes]
    failed = [Counter(_FAILED.findall(outcome.output)) for outcome in outcomes.values()]
    rows = [
        (topic, *(_passed(count, counter[topic]) for counter in failed))
        for topic, count in topics().items()
    ]
    total = [f"{outcome.passed} of {sum(topics().values())}" for outcome in outcomes.values()]
    return markdown(("", *titles), [*rows, ("**all**", *total)])


def write(outcomes: Mapping[str, Outcome], page: Path = PAGE) -> None:
    """Put the table into the page."""
    page.write_text(replace_parts(page.read_text(), {PART: table(outcomes)}))


def _passed(count: int, failed: int) -> str:
    return str(count) if not failed else f"**{count - failed} of {count}**"
