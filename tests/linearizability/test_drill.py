"""The long run: every kind of fault at least a hundred times, and kills, over all stores."""

from pathlib import Path

import pytest

from tests.engines.dynamodb_local import Engine
from tests.linearizability.drill import drill, mistakes, shortcomings
from tests.linearizability.plan import long_trials


@pytest.mark.slow
@pytest.mark.not_on_ministack("its conditional writes are not those of DynamoDB")
@pytest.mark.timeout(1200)
async def test_a_hundred_thousand_calls_under_every_fault_fit_together(
    checker_program: Path, dynamodb_engine: Engine
) -> None:
    results = [
        result async for result in drill(long_trials(), checker_program, dynamodb_engine.endpoint)
    ]
    assert mistakes(results) == []
    assert shortcomings(results) == []
