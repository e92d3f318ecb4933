"""Soaks of half a minute: too short for what grows slowly, long enough for what leaks fast."""

import pytest

from tests.engines.dynamodb_local import Engine
from tests.soak.soak import soak

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SECONDS = 30.0


async def test_a_sidecar_on_dynamodb_leaks_nothing_and_counts_right(
    dynamodb_engine: Engine,
) -> None:
    result = await soak(SECONDS, dynamodb_engine.endpoint)
    assert result.shortcomings(memory_counts=False) == []
    assert result.counted > 100
    assert len(result.injected) >= 10


async def test_a_sidecar_on_sqlite_leaks_nothing_and_counts_right() -> None:
    result = await soak(SECONDS, None)
    assert result.shortcomings(memory_counts=False) == []
    assert result.counted > 100
    assert result.unknown == 0
