import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from pannier_server.backends.contract import Key, StorageBackend
from pannier_server.backends.registry import create_backend
from pannier_server.testing.contract import Plant, StorageBackendContract
from pannier_server.testing.stateful import opened, run_stateful
from tests.backends.over_grpc import Shared, over_grpc
from tests.sidecars import TRANSPORTS

# Where it fails, Hypothesis takes up to five minutes to find the shortest sequence.
SHRINKING = pytest.mark.timeout(600)


class TestSqlite(StorageBackendContract):
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "pannier.db"

    @pytest.fixture
    async def backend(self, path: Path) -> AsyncIterator[StorageBackend]:
        async with opened(store_at(path)) as backend:
            yield backend

    @pytest.fixture
    async def second_backend(
        self, backend: StorageBackend, path: Path
    ) -> AsyncIterator[StorageBackend]:
        async with opened(store_at(path)) as second:
            yield second

    @pytest.fixture
    def plant(self, backend: StorageBackend, path: Path) -> Plant:
        async def plant(key: Key, **attributes: object) -> None:
            with closing(sqlite3.connect(path, isolation_level=None)) as connection:
                connection.execute(
                    "REPLACE INTO records "
                    "(owner, name, version, data, expires_at, write_id, prev_write_id) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (key.owner, key.name, *(fit(attributes.get(name)) for name in ATTRIBUTES)),
                )

        return plant


class TestSqliteOverGrpc(TestSqlite):
    honours_max_bytes = False

    @pytest.fixture
    async def backend(self, path: Path, shared: Shared) -> AsyncIterator[StorageBackend]:
        async with over_grpc(store_at(path), shared) as remote:
            yield remote

    @pytest.fixture
    async def second_backend(
        self, backend: StorageBackend, path: Path, shared: Shared
    ) -> AsyncIterator[StorageBackend]:
        async with over_grpc(store_at(path), shared) as remote:
            yield remote


ATTRIBUTES = ("version", "data", "expires_at", "write_id", "previous_write_id")


def store_at(path: Path) -> StorageBackend:
    return create_backend(f"sqlite://{path}")


def fit(value: object) -> object:
    """Return what SQLite makes of a literal: one of more than 64 bits is a float."""
    return float(value) if isinstance(value, int) and value >= 2**63 else value


@SHRINKING
def test_sqlite_behaves_like_the_model(tmp_path: Path) -> None:
    run_stateful(lambda: opened(store_at(tmp_path / "pannier.db")), max_examples=30)


@SHRINKING
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_sqlite_behaves_like_the_model_over_grpc(tmp_path: Path, transport: str) -> None:
    store = store_at(tmp_path / "pannier.db")
    run_stateful(lambda: over_grpc(store, Shared(transport)), max_examples=10)
