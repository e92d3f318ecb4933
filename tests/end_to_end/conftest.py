"""Stores that several sidecar processes share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.table import Table
from tests.sidecars import TRANSPORTS


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    """Name each transport in turn."""
    name: str = request.param
    return name


@pytest.fixture(params=["sqlite", "dynamodb"])
def shared_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a store that more than one process can use."""
    if request.param == "sqlite":
        yield f"sqlite://{tmp_path}/pannier.db"
    else:
        table: Table = request.getfixturevalue("dynamodb_table")
        yield table.store_url
