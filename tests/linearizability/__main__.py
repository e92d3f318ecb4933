"""The long trials, and the tables of docs/reliability.md (``make drill``)."""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.engines import aws_environment
from tests.engines.cache import CHECKOUT
from tests.engines.dynamodb_local import running_engine
from tests.linearizability import checker, page
from tests.linearizability.drill import drill, mistakes, shortcomings
from tests.linearizability.figures import figures_of
from tests.linearizability.plan import long_trials
from tests.linearizability.trial import Result, Trial

CHECKER = CHECKOUT / ".cache" / "bin" / checker.NAME


def main() -> int:
    """Run them; return 1 where something is wrong."""
    parser = argparse.ArgumentParser(prog="make drill", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="trials whose name has it")
    options = parser.parse_args()
    trials = [trial for trial in long_trials() if options.only in trial.name]
    aws_environment.isolate()
    with running_engine() as engine:
        results = asyncio.run(_run(trials, CHECKER, engine.endpoint))
    wrong = mistakes(results)
    if not options.only:
        if not wrong:
            page.write(results)
        wrong += shortcomings(results)
    print("\n".join(wrong) or "nothing is wrong")
    return int(bool(wrong))


async def _run(trials: Sequence[Trial], program: Path, engine: str) -> list[Result]:
    results = []
    began = time.monotonic()
    async for result in drill(trials, program, engine):
        counted = figures_of(result.calls)
        print(
            f"{time.monotonic() - began:6.0f} s  {result.trial.name}: {counted.calls:,} calls, "
            f"{result.succeeded:.0%} succeeded, {counted.unknown} unknown, "
            f"{sum(result.injected.values()):,} faults, {result.kills} kills; {result.verdict}",
            flush=True,
        )
        results.append(result)
    return results


if __name__ == "__main__":
    sys.exit(main())
