"""Under faults and kills every answer fits the contract, and each known mistake is found."""

import shutil
from pathlib import Path

import pytest

from tests.engines.dynamodb_local import Engine
from tests.linearizability import figures
from tests.linearizability.broken_sidecar import MISTAKES
from tests.linearizability.plan import brief_trials, trial_of_mistake
from tests.linearizability.running import run
from tests.linearizability.trial import Trial

# The program is built in the setup of the first test that needs it.
pytestmark = [
    pytest.mark.timeout(700),
    pytest.mark.not_on_ministack("its conditional writes are not those of DynamoDB"),
]

TRIALS_OF_A_MISTAKE = 3


@pytest.mark.parametrize("trial", brief_trials(), ids=lambda trial: trial.name)
async def test_all_answers_fit_together(
    trial: Trial, checker_program: Path, dynamodb_engine: Engine
) -> None:
    result = await run(trial, checker_program, dynamodb_engine.endpoint)
    assert result.verdict.is_legal, result.verdict
    assert figures.problems(result) == []
    assert set(result.injected) >= set(trial.rates)
    assert bool(result.kills) == bool(trial.kill_every)


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_mistake_is_found(
    mistake: str, checker_program: Path, dynamodb_engine: Engine
) -> None:
    for seed in range(TRIALS_OF_A_MISTAKE):
        trial = trial_of_mistake(mistake, seed)
        result = await run(trial, checker_program, dynamodb_engine.endpoint)
        if result.verdict.illegal:
            shutil.rmtree(result.verdict.picture.parent)
            return
    pytest.fail(f"no trial found a sidecar out that {mistake.replace('_', ' ')}")
