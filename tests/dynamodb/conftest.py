"""The backend over a table of DynamoDB Local, or over the table that was named."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from pannier_server.backends.contract import Call
from pannier_server.backends.dynamodb import from_url
from pannier_server.backends.dynamodb.backend import DynamoDBBackend
from pannier_server.backends.store_url import parse_store_url
from tests.engines.table import Table


@pytest.fixture
async def backend(dynamodb_table: Table) -> AsyncIterator[DynamoDBBackend]:
    backend = from_url(parse_store_url(dynamodb_table.store_url))
    await backend.open()
    yield backend
    await backend.close()


@pytest.fixture
def owner() -> str:
    """An owner of this test's own."""
    return f"owner-{uuid4()}"


@pytest.fixture
def now() -> int:
    """A clock reading two hours ahead: what has expired by then is no prey of the table's TTL."""
    return int(time.time()) + 7200


@pytest.fixture
async def call(now: int) -> Call:
    return Call(now, asyncio.get_running_loop().time() + 30)
