from collections.abc import AsyncIterator

import pytest

from pannier_server.backends.contract import Key, StorageBackend
from pannier_server.backends.registry import create_backend
from pannier_server.testing.contract import Plant, StorageBackendContract
from pannier_server.testing.stateful import opened, run_stateful
from tests.backends.over_grpc import Shared, over_grpc
from tests.engines.table import Table
from tests.sidecars import TRANSPORTS


class TestDynamoDB(StorageBackendContract):
    expires_rows_by_itself = True

    @pytest.fixture
    async def backend(self, dynamodb_table: Table) -> AsyncIterator[StorageBackend]:
        async with opened(store_at(dynamodb_table)) as backend:
            yield backend

    @pytest.fixture
    async def second_backend(self, dynamodb_table: Table) -> AsyncIterator[StorageBackend]:
        async with opened(store_at(dynamodb_table)) as second:
            yield second

    @pytest.fixture
    def plant(self, dynamodb_table: Table) -> Plant:
        async def plant(key: Key, **attributes: object) -> None:
            names = {"previous_write_id": "prev_write_id"}
            item = {names.get(name, name): to_value(value) for name, value in attributes.items()}
            item["PK"] = {"S": f"OWNER#{key.owner}"}
            item["SK"] = {"S": f"TASK#{key.name}"}
            client = dynamodb_table.client()
            client.put_item(TableName=dynamodb_table.name, Item=item)

        return plant


class TestDynamoDBOverGrpc(TestDynamoDB):
    honours_max_bytes = False

    @pytest.fixture
    async def backend(self, dynamodb_table: Table, shared: Shared) -> AsyncIterator[StorageBackend]:
        async with over_grpc(store_at(dynamodb_table), shared) as remote:
            yield remote

    @pytest.fixture
    async def second_backend(
        self, backend: StorageBackend, dynamodb_table: Table, shared: Shared
    ) -> AsyncIterator[StorageBackend]:
        async with over_grpc(store_at(dynamodb_table), shared) as remote:
            yield remote


def store_at(table: Table) -> StorageBackend:
    return create_backend(table.store_url)


def to_value(value: object) -> dict[str, object]:
    """Return a Python value as the attribute that boto3's low-level client takes."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case _:
            return {"S": str(value)}


def test_dynamodb_behaves_like_the_model(dynamodb_table: Table) -> None:
    run_stateful(lambda: opened(store_at(dynamodb_table)), max_examples=15)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_dynamodb_behaves_like_the_model_over_grpc(dynamodb_table: Table, transport: str) -> None:
    store = store_at(dynamodb_table)
    run_stateful(lambda: over_grpc(store, Shared(transport)), max_examples=5)
