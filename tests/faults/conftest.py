"""A proxy before an engine that tells what reached it, and the sidecar's wire before both."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from pannier_server.backends.dynamodb.wire.client import DynamoDBClient
from pannier_server.backends.dynamodb.wire.settings import WireSettings
from tests.dynamodb.wire.calling import Caller
from tests.dynamodb.wire.http_server import Server, answer, serving
from tests.faults import injections
from tests.faults.proxy import FaultProxy, fault_proxy

BODY = b'{"Item":{"PK":{"S":"a"}}}'

ENVIRON = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example-secret",
    "AWS_DEFAULT_REGION": "eu-west-1",
}

Connect = Callable[..., Awaitable[Caller]]


@pytest.fixture
async def engine() -> AsyncIterator[Server]:
    """An engine that answers everything with `BODY`."""
    async with serving() as server:
        server.otherwise = answer(BODY)
        yield server


@pytest.fixture
async def proxy(engine: Server) -> AsyncIterator[FaultProxy]:
    async with fault_proxy(engine.url) as running:
        yield running


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let late requests be done soon."""
    monkeypatch.setattr(injections, "LATE_SECONDS", 0.05)


@pytest.fixture
async def connect(tmp_path: Path) -> AsyncIterator[Connect]:
    """Make callers for an endpoint, with settings of the wire by name."""
    async with AsyncExitStack() as stack:

        async def make(url: str, environ: dict[str, str] | None = None, **given: object) -> Caller:
            settings = WireSettings(endpoint=url, **given)  # type: ignore[arg-type]
            # Without a home botocore is asked, which takes long and looks at the real one.
            variables = {"HOME": str(tmp_path), **ENVIRON, **(environ or {})}
            client = await DynamoDBClient.open(settings, environ=variables)
            stack.push_async_callback(client.close)
            return Caller(client)

        yield make


@pytest.fixture
async def caller(proxy: FaultProxy, connect: Connect) -> Caller:
    """A caller that gives an attempt up after 0.3 s."""
    return await connect(proxy.endpoint, attempt_timeout=0.3)
