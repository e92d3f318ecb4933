"""Lambda's API, a store that drops connections, and calls as a function makes them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest

from pannier.v1 import storage_pb2_grpc
from tests.engines.dynamodb_local import Engine
from tests.engines.table import Table
from tests.extension.runtime_api import RuntimeApi, runtime_api
from tests.faults.proxy import FaultProxy, fault_proxy


@pytest.fixture
async def api() -> AsyncIterator[RuntimeApi]:
    """Lambda, as an extension sees it."""
    async with runtime_api() as running:
        yield running


@pytest.fixture
async def proxy(dynamodb_engine: Engine) -> AsyncIterator[FaultProxy]:
    """What stands between the extension and DynamoDB."""
    async with fault_proxy(dynamodb_engine.endpoint) as running:
        yield running


@pytest.fixture
def store(proxy: FaultProxy, dynamodb_table: Table) -> str:
    """The store behind the proxy, without a region: that is the function's."""
    return f"dynamodb://{dynamodb_table.name}?endpoint={proxy.endpoint}"


@asynccontextmanager
async def connected(socket: Path) -> AsyncIterator[storage_pb2_grpc.StorageBackendStub]:
    """Connect to an extension's socket once; nothing is tried again."""
    options = [("grpc.enable_retries", 0), ("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(f"unix:{socket}", options=options) as channel:
        yield storage_pb2_grpc.StorageBackendStub(channel)  # type: ignore[no-untyped-call]
