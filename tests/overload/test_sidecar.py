"""Sidecars on a throttled table: real processes, sockets and a real engine."""

import asyncio
import os
import signal
from uuid import uuid4

import pytest
from google.rpc.error_details_pb2 import RetryInfo
from grpc_health.v1 import health_pb2, health_pb2_grpc

import pannier.aio
from pannier.v1 import storage_pb2 as pb
from pannier_server.app import running_sidecar
from pannier_server.backends.dynamodb.backend import DynamoDBBackend
from pannier_server.backends.dynamodb.layout import parse_dynamodb_url
from pannier_server.backends.store_url import parse_store_url
from pannier_server.config import Settings
from tests.engines.table import Table
from tests.faults.proxy import fault_proxy
from tests.overload.throttled import ThrottledSidecar, get, offer, put, throttled_sidecar
from tests.sidecars import LOOPBACK, TRANSPORTS

CAPACITY = 60.0
SECONDS = 3.0
SERVING = health_pb2.HealthCheckResponse.SERVING


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def large() -> str:
    return f"large-{uuid4().hex}"


@pytest.fixture
def small() -> str:
    return f"small-{uuid4().hex}"


async def healths_during(sidecar: ThrottledSidecar, seconds: float) -> list[int]:
    """Ask for both healths until so many seconds are over."""
    stub = health_pb2_grpc.HealthStub(sidecar.channel)
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    seen = []
    while loop.time() < end:
        for service in ("", "pannier.v1.StorageBackend"):
            request = health_pb2.HealthCheckRequest(service=service)
            seen.append((await stub.Check(request, timeout=5)).status)
        await asyncio.sleep(0.1)
    return seen


@pytest.mark.parametrize("kind", ["Get", "Put"])
async def test_ten_times_what_a_table_takes(
    transport: str, dynamodb_table: Table, large: str, small: str, kind: str
) -> None:
    """All that is said about overload, counted in one run."""
    make = {"Get": get, "Put": put}[kind]
    async with throttled_sidecar(dynamodb_table, transport, CAPACITY) as sidecar:
        stub = sidecar.stub
        for owner in (large, small):
            await put(stub, f"{owner}:n")()
        much, little, healths = await asyncio.gather(
            offer(make(stub, f"{large}:n"), 10 * CAPACITY, SECONDS),
            offer(make(stub, f"{small}:n"), CAPACITY / 10, SECONDS),
            healths_during(sidecar, SECONDS),
        )
        throttle = sidecar.proxy.throttle
        assert throttle is not None

        # The table is used, and not hammered: without pacing it refused nine of ten.
        assert much.served + little.served >= 0.6 * CAPACITY * SECONDS
        assert throttle.refused <= throttle.granted

        # A small owner does not notice the large one.
        assert little.share >= 0.9
        assert much.share < 0.5

        # Who is refused knows why, when to come back, and that nothing was written.
        assert set(much.reasons) <= {"OVERLOADED", "THROTTLED"}
        assert much.reasons["OVERLOADED"] > 0.9 * len(much.failures)
        for failure in much.failures:
            assert failure.code.name == "RESOURCE_EXHAUSTED"
            assert failure.write_outcome == (None if kind == "Get" else "not_applied")
            (retry,) = failure.details
            assert isinstance(retry, RetryInfo)
            assert retry.retry_delay.ToMilliseconds() > 0

        # Who asks for its health is not told that it is ill.
        assert set(healths) == {SERVING}


async def test_a_sidecar_under_overload_stops_in_good_order(
    transport: str, dynamodb_table: Table, large: str
) -> None:
    async with throttled_sidecar(dynamodb_table, transport, CAPACITY) as sidecar:
        stub = sidecar.stub
        await put(stub, f"{large}:n")()
        offering = asyncio.create_task(offer(get(stub, f"{large}:n"), 10 * CAPACITY, 2.0))
        await asyncio.sleep(1.0)
        os.kill(sidecar.process.process.pid, signal.SIGTERM)
        code = await asyncio.wait_for(asyncio.to_thread(sidecar.process.process.wait), 9.0)
        offering.cancel()
        await asyncio.gather(offering, return_exceptions=True)
        assert code == 0


@pytest.mark.slow
async def test_pages_of_a_list_take_turns_like_other_calls(
    transport: str, dynamodb_table: Table, large: str
) -> None:
    async with throttled_sidecar(dynamodb_table, transport, CAPACITY) as sidecar:
        stub = sidecar.stub
        for number in range(10):
            await put(stub, f"{large}:{number}")()

        async def list_by_ones() -> int:
            request = pb.ListByPrefixRequest(prefix=f"{large}:", page_size=1)
            return len([page async for page in stub.ListByPrefix(request, timeout=10)])

        tally = await offer(list_by_ones, CAPACITY / 2, SECONDS)
        throttle = sidecar.proxy.throttle
        assert throttle is not None
        # Five times what the table takes, although there are fewer lists than that.
        assert tally.reasons["OVERLOADED"] > 0
        assert throttle.refused <= throttle.granted


@pytest.mark.slow
async def test_a_fleet_of_clients_that_retry_is_served_in_the_end(dynamodb_table: Table) -> None:
    """Fifty clients that all want to read at once, each again as soon as it was served."""
    clients, reads = 50, 8
    assert dynamodb_table.endpoint is not None
    async with fault_proxy(dynamodb_table.endpoint, operations_per_second=CAPACITY) as proxy:
        url = Table(dynamodb_table.name, endpoint=proxy.endpoint).store_url
        backend = DynamoDBBackend(parse_dynamodb_url(parse_store_url(url)))
        async with running_sidecar(
            Settings(store=url, listen=LOOPBACK, grace=1.0), backend=backend
        ) as sidecar:

            async def client(number: int) -> int:
                async with pannier.aio.connect(str(sidecar.addresses[0]), timeout=60) as store:
                    key = f"fleet-{uuid4().hex}:{number}"
                    await store.put(key, b"x")
                    records = [await store.get(key) for _ in range(reads)]
                    return len(records)

            assert await asyncio.gather(*map(client, range(clients))) == [reads] * clients
            assert backend._client is not None
            refused = sum(
                pacer.admissions.refused_full
                for pacer in (backend._client.reads, backend._client.writes)
            )
            # They come back when there is room, and not again and again before.
            assert refused <= 4 * clients * (reads + 1)
            assert proxy.throttle is not None
            assert proxy.throttle.refused <= proxy.throttle.granted
