"""Health as orchestrators ask for it: once, or to hear of each change."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from pannier_server.app import running_sidecar
from pannier_server.backends.contract import Call
from pannier_server.backends.errors import StoreUnavailable
from pannier_server.backends.memory import MemoryBackend
from pannier_server.config import Settings
from pannier_server.rpc import MethodHandler
from pannier_server.service.health_servicer import NOT_SERVING, SERVING, HealthServicer
from tests.sidecars import LOOPBACK, channel_to

SERVICE = "pannier.v1.StorageBackend"
SECONDS = 30

Status = health_pb2.HealthCheckResponse


class Switch(MemoryBackend):
    """A store that is there, or not, as a test says."""

    is_up = True

    async def check(self, call: Call) -> None:
        if not self.is_up:
            raise StoreUnavailable("it is switched off")


@asynccontextmanager
async def asked(transport: str, backend: MemoryBackend | None = None) -> AsyncIterator[Any]:
    """Run a sidecar that looks at its store all the time, and yield what asks for its health."""
    settings = Settings(
        store="memory:", listen=LOOPBACK, transport=transport, grace=0.1, health_interval=0.01
    )
    async with (
        running_sidecar(settings, backend=backend) as sidecar,
        channel_to(sidecar) as channel,
    ):
        await sidecar.store_checked.wait()
        yield health_pb2_grpc.HealthStub(channel)


def of(service: str) -> Any:
    return health_pb2.HealthCheckRequest(service=service)


async def test_whoever_watches_hears_of_each_change(transport: str) -> None:
    backend = Switch()
    async with asked(transport, backend) as stub:
        first, second = (stub.Watch(of(SERVICE), timeout=SECONDS) for _ in range(2))
        for backend.is_up in (True, False, True):
            expected = Status.SERVING if backend.is_up else Status.NOT_SERVING
            assert (await first.read()).status == expected
            assert (await second.read()).status == expected


async def test_whoever_watches_hears_that_the_sidecar_stops(transport: str) -> None:
    settings = Settings(store="memory:", listen=LOOPBACK, transport=transport, grace=0.1)
    async with AsyncExitStack() as stack:
        async with running_sidecar(settings) as sidecar:
            channel = await stack.enter_async_context(channel_to(sidecar))
            stub: Any = health_pb2_grpc.HealthStub(channel)
            watch = stub.Watch(of(""), timeout=SECONDS)
            assert (await watch.read()).status == Status.SERVING
            told = asyncio.ensure_future(watch.read())
        assert (await told).status == Status.NOT_SERVING


async def test_a_service_that_is_not_there_is_told_by_those_that_are(transport: str) -> None:
    async with asked(transport) as stub:
        watch = stub.Watch(of("other"), timeout=SECONDS)
        assert (await watch.read()).status == Status.SERVICE_UNKNOWN
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await stub.Check(of("other"), timeout=SECONDS)
    assert failed.value.code() is grpc.StatusCode.NOT_FOUND
    assert failed.value.details() == (
        "there is no such service; ask for one of '' and 'pannier.v1.StorageBackend'"
    )


class Methods(dict[str, MethodHandler]):
    """Takes what a service registers."""

    def add_registered_method_handlers(self, _: str, handlers: Any) -> None:
        self.update(handlers)


def watching(servicer: HealthServicer, service: str) -> Any:
    """Watch a service without a server."""
    methods = Methods()
    servicer.register(methods)
    watch: Any = methods["Watch"].unary_stream
    return watch(of(service), None)


async def test_nothing_serves_again_while_the_sidecar_drains() -> None:
    servicer = HealthServicer({"": SERVING}, ())
    assert (await anext(watching(servicer, ""))).status == Status.SERVING

    servicer.drain()
    servicer.set("", SERVING)

    assert (await anext(watching(servicer, ""))).status == Status.NOT_SERVING


async def test_whoever_watches_hears_nothing_of_other_services() -> None:
    servicer = HealthServicer({"one": SERVING, "other": SERVING}, ())
    watch = watching(servicer, "one")
    assert (await anext(watch)).status == Status.SERVING
    heard = asyncio.ensure_future(anext(watch))

    for service in ("other", "one"):
        await asyncio.sleep(0)
        servicer.set(service, NOT_SERVING)

    assert (await heard).status == Status.NOT_SERVING
