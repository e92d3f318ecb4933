"""What a backend owes that can be copied, for each of ours."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from pannier_server.backends.contract import Key, StorageBackend
from pannier_server.backends.memory import MemoryBackend
from pannier_server.backends.registry import create_backend
from pannier_server.testing.contract import Plant
from pannier_server.testing.contract.transfers import TransferContract
from pannier_server.testing.stateful import opened
from tests.backends.test_dynamodb import to_value
from tests.backends.test_sqlite import fit
from tests.engines.dynamodb_local import Engine
from tests.engines.table import Table, create_table

ATTRIBUTES = ("version", "data", "expires_at", "write_id", "previous_write_id")


@pytest.fixture(scope="module")
def table(dynamodb_engine: Engine) -> Table:
    """A table of these tests' own, because a scan reads all of it."""
    return create_table(Table(f"moving_{uuid4().hex}", endpoint=dynamodb_engine.endpoint))


class TestMemoryTransfer(TransferContract):
    @pytest.fixture
    def backend(self) -> StorageBackend:
        return MemoryBackend()

    @pytest.fixture
    def plant(self) -> Plant:
        async def plant(key: Key, **attributes: object) -> None:
            pytest.skip("memory holds only rows that it wrote")

        return plant


class TestSqliteTransfer(TransferContract):
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "pannier.db"

    @pytest.fixture
    async def backend(self, path: Path) -> AsyncIterator[StorageBackend]:
        async with opened(create_backend(f"sqlite://{path}")) as backend:
            yield backend

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


class TestDynamoDBTransfer(TransferContract):
    @pytest.fixture
    async def backend(self, table: Table) -> AsyncIterator[StorageBackend]:
        async with opened(create_backend(table.store_url)) as backend:
            yield backend

    @pytest.fixture
    def plant(self, table: Table) -> Plant:
        async def plant(key: Key, **attributes: object) -> None:
            item = {name: to_value(value) for name, value in attributes.items()}
            item["PK"] = {"S": f"OWNER#{key.owner}"}
            item["SK"] = {"S": f"TASK#{key.name}"}
            table.client().put_item(TableName=table.name, Item=item)

        return plant
