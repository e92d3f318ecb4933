"""The fuzzers find nothing: for a moment in each run of the tests, for a minute in CI."""

from pathlib import Path

import pytest

from tests.engines.table import Table
from tests.fuzz.targets import FUZZERS

# The same each time, so that a failure belongs to a change.
SEED = 20_251_122
MINUTE = 60.0


@pytest.mark.parametrize("name", FUZZERS)
async def test_nothing_is_found_in_a_moment(
    name: str, tmp_path: Path, dynamodb_table: Table
) -> None:
    assert await FUZZERS[name](tmp_path, dynamodb_table, 2.0, SEED) > 5


@pytest.mark.slow
@pytest.mark.parametrize("name", FUZZERS)
async def test_nothing_is_found_in_a_minute_of_all(
    name: str, tmp_path: Path, dynamodb_table: Table
) -> None:
    share = MINUTE / len(FUZZERS)
    assert await FUZZERS[name](tmp_path, dynamodb_table, share, SEED + 1) > 20
