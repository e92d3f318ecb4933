"""What the wire's tests share: both event loops, a server, and clients for it."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import uvloop

from pannier_server.backends.dynamodb.wire.client import DynamoDBClient
from pannier_server.backends.dynamodb.wire.settings import WireSettings
from tests.dynamodb.wire.calling import Caller
from tests.dynamodb.wire.http_server import Server, serving

Connect = Callable[..., Awaitable[Caller]]


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run each test on both event loops."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as running:
        yield running


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with plain credentials and a region, and nothing else of AWS."""
    return {
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example-secret",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }


@pytest.fixture
def clean_environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take everything that AWS's software looks at out of the process's environment."""
    for name in tuple(os.environ):
        if name.startswith(("AWS_", "BOTO")) or name.lower().endswith(("_proxy", "_ca_bundle")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
async def connect(environ: dict[str, str]) -> AsyncIterator[Connect]:
    """Make callers for an endpoint's URL; settings can be given by name."""
    clients: list[DynamoDBClient] = []

    async def make(url: str, **settings: object) -> Caller:
        wire = WireSettings(endpoint=url, **settings)  # type: ignore[arg-type]
        client = await DynamoDBClient.open(wire, environ=environ)
        clients.append(client)
        return Caller(client)

    yield make
    for client in clients:
        await client.close()
