"""What was found, for people and for machines."""

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from pannier_server import __version__
from pannier_server.doctor.check import Area, Outcome, Status
from pannier_server.doctor.examination import Result

SCHEMA = 1
"""The number of the JSON's shape; it rises where a member changes its meaning or goes."""

_COLOURS = {
    Status.OK: "32",
    Status.WARNING: "33",
    Status.FAILED: "31",
    Status.SKIPPED: "2",
}
_MARK_WIDTH = max(map(len, Status))


def worst(results: Sequence[Result]) -> Status:
    """Return how bad it is as a whole: failed, warning or ok."""
    found = {result.outcome.status for result in results}
    return next((bad for bad in (Status.FAILED, Status.WARNING) if bad in found), Status.OK)


def as_json(store: str | None, results: Sequence[Result]) -> str:
    """Return one JSON object with all results; docs/doctor.md explains its members."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "version": __version__,
            "store": store,
            "status": worst(results),
            "checks": [_check_json(result) for result in results],
        },
        ensure_ascii=False,
    )


def _check_json(result: Result) -> dict[str, Any]:
    outcome = result.outcome
    return {
        "id": result.check.id,
        "status": outcome.status,
        "summary": outcome.summary,
        "fix": outcome.fix or None,
        "facts": dict(outcome.facts),
    }


class TextReport:
    """Prints results as they come, aligned, the fix right under what needs it."""

    def __init__(
        self, areas: Sequence[Area], file: TextIO, environ: Mapping[str, str], *, details: bool
    ) -> None:
        """Look at what will come, so that all of it is aligned.

        Args:
            areas: What will be examined.
            file: Where to print; it is coloured where it is a terminal.
            environ: The environment; NO_COLOR (https://no-color.org) and TERM count.
            details: Print each check's facts too, and those that another one keeps from running.
        """
        self._width = max(len(check.title) for area in areas for check in area.checks)
        self._file = file
        self._details = details
        self._coloured = _wants_colour(file, environ)
        self._area = ""
        self._left_out: Counter[str] = Counter()

    def add(self, result: Result) -> None:
        """Print one result, under the heading of its area."""
        if "needs" in result.outcome.facts and not self._details:
            self._left_out[result.outcome.summary.removeprefix("needs ")] += 1
            return
        if result.area != self._area:
            self._area = result.area
            self._print(result.area)
        outcome = result.outcome
        mark = self._colour(outcome.status, f"{outcome.status:<{_MARK_WIDTH}}")
        self._print(f"  {mark}  {result.check.title:<{self._width}}  {outcome.summary}")
        for line in self._below(outcome):
            self._print(f"  {'':<{_MARK_WIDTH}}  {line}")

    def end(self, results: Sequence[Result]) -> None:
        """Print the last lines: what was left out, and how many checks ended how."""
        for need, count in self._left_out.items():
            checks = "1 check that needs" if count == 1 else f"{count} checks that need"
            self._print(f"not looked at: {checks} {need} (-v lists them)")
        counts = Counter(result.outcome.status for result in results)
        parts = [f"{counts[status]} {status}" for status in Status if counts[status]]
        whole = f"{len(results)} checks: {', '.join(parts)}"
        self._print(self._colour(worst(results), whole))

    def _below(self, outcome: Outcome) -> Sequence[str]:
        fix = [f"fix: {outcome.fix}"] if outcome.fix else []
        facts = outcome.facts if self._details else {}
        return [*fix, *(f"{name}: {_shown(fact)}" for name, fact in facts.items())]

    def _colour(self, status: Status, text: str) -> str:
        return f"\x1b[{_COLOURS[status]}m{text}\x1b[0m" if self._coloured else text

    def _print(self, text: str) -> None:
        print(text, file=self._file, flush=True)


def _shown(fact: object) -> str:
    return fact if isinstance(fact, str) else json.dumps(fact, ensure_ascii=False)


def _wants_colour(file: TextIO, environ: Mapping[str, str]) -> bool:
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return False
    try:
        return os.isatty(file.fileno())
    except (OSError, ValueError):
        return False
