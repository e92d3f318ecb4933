"""Measures Pannier beside others, and writes docs/performance.md with its plots.

Run by ``make bench``. A run takes about 20 minutes on two cores. With ``--only`` it prints
the tables of some contests, and writes them into the page only with ``--update``.
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bench.comparison import machine, plots, tables
from bench.comparison.contests import CONTESTS
from bench.comparison.document import replace_parts
from bench.comparison.goals import GOALS
from bench.comparison.rounds import CLIENTS, NAMES, START_UP, Plan, measure
from bench.comparison.samples import Results
from bench.ghz_runs import CHECKOUT, GhzFailed
from bench.servers import ServerFailed
from tests.engines import aws_environment
from tests.engines.errors import EngineUnavailable

DOCS = CHECKOUT / "docs"
QUICK = CHECKOUT / ".cache" / "bench"
"""Where a quick run writes: its figures are not worth keeping."""
QUICK_PLAN = Plan(rounds=1, scale=0.08)
PAGE = "performance.md"
FOLDER = "performance"
RESULTS = "results.jsonl"


def main() -> int:
    """Measure and write the page; return 1 where a call failed."""
    options = _options()
    target = QUICK if options.quick else DOCS
    results = _last(target) if options.redraw else _measure(_plan(options))
    print(_summary(results))
    problems = list(results.problems())
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return 1
    if options.update:
        results = _last(target).updated(results)
    if options.update or not options.only:
        write(results, target)
        print(f"Written: {(target / PAGE).relative_to(CHECKOUT)}", file=sys.stderr)
    return 0


def write(results: Results, target: Path) -> None:
    """Write the page, its plots and the figures behind them into a folder."""
    folder = target / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RESULTS).write_text("".join(f"{line}\n" for line in results.lines()))
    plots.draw_all(results, folder)
    page = (DOCS / PAGE).read_text()
    (target / PAGE).write_text(replace_parts(page, parts(results)))


def parts(results: Results) -> Mapping[str, str]:
    """Return the measured parts of the page, by name."""
    found = {"machine": results.machine}
    if any(goal.measured(results) for goal in GOALS):
        found["goals"] = tables.goals_table(GOALS, results)
    for name, contest in CONTESTS.items():
        if name in results.samples:
            found[name] = tables.contest_table(contest, results)
    if results.starts:
        found[START_UP] = tables.starts_table(results)
    if results.overheads:
        found[CLIENTS] = tables.overheads_table(results)
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--quick", action="store_true", help="one short round; writes to .cache/bench"
    )
    parser.add_argument("--rounds", type=int, help="default: 5")
    parser.add_argument(
        "--only", nargs="+", choices=NAMES, metavar="NAME", help=f"some of {', '.join(NAMES)}"
    )
    parser.add_argument(
        "--update", action="store_true", help="with --only: write these into the last run's page"
    )
    parser.add_argument(
        "--redraw", action="store_true", help="measure nothing; write the last run's page again"
    )
    options = parser.parse_args()
    if options.update and not options.only:
        parser.error("--update is for some contests: name them with --only")
    return options


def _last(target: Path) -> Results:
    """Return the results of the last run that wrote into a folder."""
    file = target / FOLDER / RESULTS
    if not file.exists():
        sys.exit(f"{file.relative_to(CHECKOUT)} is not there; measure first, without --redraw")
    return Results.of_lines(file.read_text().splitlines())


def _plan(options: argparse.Namespace) -> Plan:
    plan = QUICK_PLAN if options.quick else Plan()
    if options.only:
        plan = replace(plan, names=[name for name in NAMES if name in options.only])
    return replace(plan, rounds=options.rounds) if options.rounds else plan


def _measure(plan: Plan) -> Results:
    if not sys.platform.startswith("linux"):
        sys.exit("The benchmark reads CPU times from Linux's /proc; run it on Linux.")
    aws_environment.isolate()
    results = Results(f"{machine.describe()}. Rounds: {plan.rounds}.")
    try:
        measure(plan, results)
    except (EngineUnavailable, GhzFailed, ServerFailed) as problem:
        sys.exit(str(problem))
    return results


def _summary(results: Results) -> str:
    """Return all tables, for a terminal."""
    return "\n\n".join(f"{name}\n\n{text}" for name, text in parts(results).items())


if __name__ == "__main__":
    sys.exit(main())
