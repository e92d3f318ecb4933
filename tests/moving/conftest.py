"""Stores of a test's own."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.engines.dynamodb_local import Engine
from tests.engines.table import Table, create_table


@pytest.fixture
def table(dynamodb_engine: Engine) -> Table:
    """A table of the test's own, because an export reads all of it."""
    return create_table(Table(f"moving_{uuid4().hex}", endpoint=dynamodb_engine.endpoint))


@pytest.fixture
def source(tmp_path: Path) -> str:
    """The URL of a SQLite store that is not there yet."""
    return f"sqlite://{tmp_path / 'source.db'}"


@pytest.fixture
def destination(tmp_path: Path) -> str:
    """The URL of another one."""
    return f"sqlite://{tmp_path / 'destination.db'}"


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """Where to export to."""
    return tmp_path / "exported.jsonl"
