"""The layer, built once, and sandboxes to try it in."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.bundle.sandbox import Sandbox, build_layer, make_sandbox
from tests.engines.dynamodb_local import Engine
from tests.extension.runtime_api import RuntimeApi, runtime_api
from tests.faults.proxy import FaultProxy, fault_proxy


@pytest.fixture(scope="session")
def layer() -> Path:
    """The layer's zip file."""
    return build_layer()


@pytest.fixture(scope="session")
def sandbox(layer: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A root folder with a C library and the layer."""
    assert layer.exists()
    with make_sandbox(tmp_path_factory.mktemp("sandbox")) as made:
        yield made


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
