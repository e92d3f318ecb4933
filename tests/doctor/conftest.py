"""The doctor, run in the test's own loop, away from this machine's sockets and settings."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from pannier_server.doctor import Outcome, areas_of, examine
from tests.doctor.stand_in import StandIn, stand_in
from tests.engines.table import Table

Diagnose = Callable[..., Awaitable[Mapping[str, Outcome]]]


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep Pannier's and the proxy's settings of this machine out."""
    for name in tuple(os.environ):
        if name.startswith("PANNIER_") or name.lower().endswith(("_proxy", "_ca_bundle")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def diagnose(tmp_path: Path) -> Diagnose:
    """Run all checks for settings by name, and return what each has found by its id."""

    async def run(store: str | None = "memory:", **flags: object) -> Mapping[str, Outcome]:
        given = {"store": store, "listen": [f"unix:{tmp_path}/p.sock"], **flags}
        _, areas = areas_of(given, dict(os.environ))
        return {result.check.id: result.outcome async for result in examine(areas)}

    return run


@pytest.fixture
async def before_table(dynamodb_table: Table) -> AsyncIterator[tuple[StandIn, Table]]:
    """Stand before the engine, and name its table as it is reached that way."""
    if dynamodb_table.endpoint is None:
        pytest.skip("it answers in place of an engine")
    async with stand_in(dynamodb_table.endpoint) as running:
        yield running, Table(dynamodb_table.name, endpoint=running.endpoint)
