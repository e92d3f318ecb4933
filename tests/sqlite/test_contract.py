from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pannier_server.backends.contract import Key
from pannier_server.backends.sqlite import SqliteBackend
from pannier_server.testing.contract import Plant, StorageBackendContract
from tests.sqlite.stores import connected, opened_store


class TestSqlite(StorageBackendContract):
    @pytest.fixture
    async def backend(self, path: Path) -> AsyncIterator[SqliteBackend]:
        async with opened_store(path) as backend:
            yield backend

    @pytest.fixture
    async def second_backend(
        self, backend: SqliteBackend, path: Path
    ) -> AsyncIterator[SqliteBackend]:
        async with opened_store(path) as second:
            yield second

    @pytest.fixture
    def plant(self, path: Path) -> Plant:
        async def plant(key: Key, **attributes: object) -> None:
            columns = {"version", "expires_at", "write_id", "previous_write_id", "data"}
            assert attributes.keys() <= columns
            row = {column: fit(attributes.get(column)) for column in columns}
            with connected(path) as connection:
                connection.execute(
                    "REPLACE INTO records VALUES (:owner, :name, :version, :expires_at, "
                    ":write_id, :previous_write_id, :data)",
                    row | {"owner": key.owner, "name": key.name},
                )

        return plant


def fit(value: object) -> object:
    """Return what SQLite makes of a literal: one of more than 64 bits is a float."""
    return float(value) if isinstance(value, int) and value >= 2**63 else value
