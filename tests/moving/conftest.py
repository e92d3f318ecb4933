"""Stores of a test's own."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from tests.engines.dynamodb_local import Engine
from tests.engines.table import Table, create_table
from tests.moving.stores import fill_store, plain_records

MANY = 100_000
UrlOf = Callable[[str], str]


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


@pytest.fixture
def url_of(tmp_path: Path, request: pytest.FixtureRequest) -> UrlOf:
    """Return what makes the URL of a new store of a kind."""

    def url_of(kind: str) -> str:
        if kind == "memory":
            return "memory:"
        if kind == "sqlite":
            return f"sqlite://{tmp_path / uuid4().hex}.db"
        engine: Engine = request.getfixturevalue("dynamodb_engine")
        name = f"moving_{uuid4().hex}"
        return create_table(Table(name, endpoint=engine.endpoint)).store_url

    return url_of


@pytest.fixture(scope="session")
def many_records(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a SQLite store with `MANY` records, which no test changes."""
    url = f"sqlite://{tmp_path_factory.mktemp('many') / 'source.db'}"
    fill_store(url, plain_records(MANY, 1_000))
    return url
