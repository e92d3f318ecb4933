"""Stores of both kinds, over scripted sidecars and over a real one."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import pannier
from tests.client_python.blocking_aio import BlockingAioStore
from tests.client_python.relay import Relay
from tests.client_python.scripted_sidecar import ScriptedSidecar
from tests.sidecars import sidecar_process

QUICK = pannier.RetryPolicy(initial_backoff=0.001, max_backoff=0.01)

Connect = Callable[..., pannier.Store]


@pytest.fixture(params=["sync", "aio"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Open stores of one kind; the asyncio one blocks, so that a test runs with both."""
    opened: list[Any] = []

    def open_store(address: str, **settings: Any) -> Any:
        settings.setdefault("retries", QUICK)
        kind = BlockingAioStore if request.param == "aio" else pannier.connect
        opened.append(kind(address, **settings))
        return opened[-1]

    yield open_store
    for store in opened:
        store.stop() if isinstance(store, BlockingAioStore) else store.close()


@pytest.fixture
def sidecar(tmp_path: Path) -> Iterator[ScriptedSidecar]:
    """Run a sidecar that follows a script."""
    scripted = ScriptedSidecar(tmp_path / "scripted.sock")
    yield scripted
    scripted.stop()


@pytest.fixture
def store(connect: Connect, sidecar: ScriptedSidecar) -> pannier.Store:
    """Connect to the scripted sidecar."""
    return connect(sidecar.address)


@pytest.fixture(scope="session")
def live_address() -> Iterator[str]:
    """Run a real sidecar with its records in memory."""
    with sidecar_process("memory:") as process:
        yield process.address


@pytest.fixture
def live_store(connect: Connect, live_address: str) -> pannier.Store:
    """Connect to the real sidecar."""
    return connect(live_address)


@pytest.fixture
def relay(live_address: str, tmp_path: Path) -> Iterator[Relay]:
    """Put a relay before the real sidecar."""
    host, _, port = live_address.rpartition(":")
    between = Relay(tmp_path / "relay.sock", host, int(port))
    yield between
    between.close()


@pytest.fixture
def owner() -> str:
    """Name an owner that nobody else has."""
    return f"owner-{uuid.uuid4()}"
