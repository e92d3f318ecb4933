"""All trials one after the other, and what they must have shown together."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from tests.faults.kinds import Fault
from tests.linearizability.figures import problems
from tests.linearizability.plan import FEWEST_OF_A_FAULT
from tests.linearizability.running import run
from tests.linearizability.trial import Result, Trial

FEWEST_CALLS = 100_000
FEWEST_KILLS = 100


async def drill(trials: Sequence[Trial], checker: Path, engine: str) -> AsyncIterator[Result]:
    """Run trials in turn, and yield what came of each."""
    for trial in trials:
        yield await run(trial, checker, engine)


def injected(results: Sequence[Result]) -> Counter[Fault]:
    """Return how often each fault was made in all trials."""
    total: Counter[Fault] = Counter()
    for result in results:
        total.update(result.injected)
    return total


def mistakes(results: Sequence[Result]) -> list[str]:
    """Return, in words, what went wrong in any trial."""
    return [
        f"{result.trial.name}: {problem}"
        for result in results
        for problem in (
            *([] if result.verdict.is_legal else [str(result.verdict)]),
            *problems(result),
        )
    ]


def shortcomings(results: Sequence[Result]) -> list[str]:
    """Return, in words, what all trials together did not reach."""
    counted = injected(results)
    calls = sum(len(result.calls) for result in results)
    kills = sum(result.kills for result in results)
    found = [
        f"{fault}: only {counted[fault]} injected"
        for fault in Fault
        if counted[fault] < FEWEST_OF_A_FAULT
    ]
    if calls < FEWEST_CALLS:
        found.append(f"only {calls:,} calls")
    if kills < FEWEST_KILLS:
        found.append(f"only {kills} kills")
    return found
