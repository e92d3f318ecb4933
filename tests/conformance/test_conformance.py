"""Every client does what the scenarios say, on both stores, over both transports."""

import asyncio
from pathlib import Path

import pytest

from tests.clients.languages import LANGUAGES
from tests.conformance.conftest import Runner
from tests.conformance.play import play
from tests.conformance.stage.stores import DynamoDBStore, SqliteStore, Store
from tests.conformance.table import PAGE, topics
from tests.engines.table import Table
from tests.sidecars import TRANSPORTS

# Where clients connect in the runs over each transport: both kinds of address with each client.
LISTEN = {"h2": "unix", "grpcio": "tcp"}


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_client_passes_all_scenarios(
    language: str, runner: Runner, dynamodb_table: Table, tmp_path: Path
) -> None:
    """All four runs at once: scenarios mostly wait, for restarts and retries."""
    command = runner(language)
    table = DynamoDBStore(dynamodb_table)
    runs: dict[str, tuple[Store, str]] = {}
    for transport in TRANSPORTS:
        runs[f"{transport}, SQLite"] = (SqliteStore(tmp_path / f"{transport}.db"), transport)
        runs[f"{transport}, DynamoDB"] = (table, transport)
    outcomes = await asyncio.gather(
        *(
            play(command, store, transport, listen=LISTEN[transport])
            for store, transport in runs.values()
        )
    )
    for name, outcome in zip(runs, outcomes, strict=True):
        said = (outcome.passed, outcome.failed, outcome.exit_code)
        assert said == (sum(topics().values()), 0, 0), f"{name}:\n{outcome.output}"


def test_the_table_of_scenarios_has_them_all() -> None:
    """`make conformance ARGS=--table` writes it anew."""
    page = PAGE.read_text()
    for topic, count in topics().items():
        [row] = [line for line in page.splitlines() if line.startswith(f"| {topic} ")]
        assert [cell.strip() for cell in row.split("|")[2:-1]] == [str(count)] * len(LANGUAGES)
