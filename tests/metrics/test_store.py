"""Store calls are counted apart from RPCs, over DynamoDB with what the wire does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from pannier.v1 import storage_pb2 as pb
from pannier.v1 import storage_pb2_grpc
from pannier_server.app import running_sidecar
from pannier_server.backends.contract import Call, Cleaned, Prefix
from pannier_server.backends.memory import MemoryBackend
from pannier_server.config import Settings
from pannier_server.config.addresses import UnixAddress
from pannier_server.service.sweeper import Sweeps, sweep_expired
from tests.engines.dynamodb_local import Engine
from tests.engines.table import Table
from tests.faults.kinds import Fault
from tests.faults.proxy import fault_proxy
from tests.faults.schedules import Injection, Scripted
from tests.metrics.scraping import Scrape, scrape_here
from tests.sidecars import LOOPBACK, SettableClock, channel_to, eventually


@asynccontextmanager
async def stub_of(
    store: str,
    endpoint: UnixAddress,
    clock: SettableClock | None = None,
    sweep_interval: float = 60,
    health_interval: float = 5,
) -> AsyncIterator[storage_pb2_grpc.StorageBackendStub]:
    settings = Settings(
        store=store,
        listen=LOOPBACK,
        grace=1.0,
        metrics=endpoint,
        sweep_interval=sweep_interval,
        health_interval=health_interval,
    )
    async with (
        running_sidecar(settings, clock=clock or SettableClock()) as sidecar,
        channel_to(sidecar) as channel,
    ):
        yield storage_pb2_grpc.StorageBackendStub(channel)  # type: ignore[no-untyped-call]


async def test_a_list_is_one_rpc_and_a_store_call_for_each_page(endpoint: UnixAddress) -> None:
    async with stub_of("memory:", endpoint) as stub:
        for number in range(3):
            await stub.Put(pb.PutRequest(key=f"o:{number}"))
        async for _ in stub.ListByPrefix(pb.ListByPrefixRequest(prefix="o:", page_size=1)):
            pass
        found = await scrape_here(endpoint)

    assert found.value("pannier_rpc_calls_total", rpc="ListByPrefix", code="OK") == 1
    assert found.value("pannier_store_calls_total", operation="list_page", result="OK") >= 3


async def test_failures_of_the_store_have_the_contracts_reasons(endpoint: UnixAddress) -> None:
    async with stub_of("memory:", endpoint) as stub:
        await stub.Put(pb.PutRequest(key="o:n"))
        for version in (0, 5):
            with pytest.raises(grpc.aio.AioRpcError):
                await stub.PutIfVersion(pb.PutIfVersionRequest(key="o:n", expected_version=version))
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.Delete(pb.DeleteRequest(key="o:n", expected_version=5))
        found = await scrape_here(endpoint)

    calls = "pannier_store_calls_total"
    assert found.value(calls, operation="put_if_version", result="RECORD_EXISTS") == 1
    assert found.value(calls, operation="put_if_version", result="VERSION_CONFLICT") == 1
    assert found.value(calls, operation="delete", result="VERSION_CONFLICT") == 1


@pytest.mark.parametrize("store", ["memory:", "sqlite:///{folder}/p.db"])
async def test_a_retried_write_is_counted_as_recognised(
    store: str, endpoint: UnixAddress, tmp_path: Path
) -> None:
    request = pb.PutRequest(key="o:n", data=b"x", request_id=str(uuid4()))
    async with stub_of(store.format(folder=tmp_path), endpoint) as stub:
        first = await stub.Put(request)
        assert await stub.Put(request) == first
        found = await scrape_here(endpoint)

    assert found.value("pannier_store_recognised_retries_total") == 1
    assert found.value("pannier_store_calls_total", operation="put", result="OK") == 2


async def test_sweeps_and_what_they_remove_are_counted(endpoint: UnixAddress) -> None:
    clock = SettableClock(1_000_000.0)
    async with stub_of("memory:", endpoint, clock, sweep_interval=0.05) as stub:
        for number in range(4):
            expiring = Timestamp(seconds=1_000_010)
            await stub.Put(pb.PutRequest(key=f"o:{number}", expire_time=expiring))
        clock.time = 1_000_020.0
        found = await scrape_here(endpoint)

        async def are_removed() -> bool:
            nonlocal found
            found = await scrape_here(endpoint)
            removed = found.value("pannier_expired_records_removed_total")
            # A sweep counts when it is over, and so a moment later than what it has removed.
            return removed == 4 and found.value("pannier_sweeps_total", result="OK") >= 1

        await eventually(are_removed)

    assert found.value("pannier_sweeps_total", result="FAILED") == 0


async def test_a_sweep_that_breaks_off_is_counted_and_the_next_one_comes_all_the_same() -> None:
    class BreaksOffOnce(MemoryBackend):
        async def cleanup_expired(
            self, prefix: Prefix | None, *, limit: int, call: Call
        ) -> Cleaned:
            if not sweeps.failed:
                raise ValueError("a bug")
            return await super().cleanup_expired(prefix, limit=limit, call=call)

    sweeps = Sweeps()
    sweeping = sweep_expired(BreaksOffOnce(), clock=SettableClock(), interval=0.001, sweeps=sweeps)
    task = asyncio.create_task(sweeping)

    async def one_came_to_its_end() -> bool:
        return sweeps.done > 0

    await eventually(one_came_to_its_end)
    task.cancel()
    assert sweeps.failed == 1


async def test_a_store_that_answers_is_up(endpoint: UnixAddress) -> None:
    async with stub_of("memory:", endpoint):
        await eventually(lambda: _is_up(endpoint))


async def test_a_store_that_does_not_answer_is_not_up(endpoint: UnixAddress) -> None:
    nowhere = "dynamodb://t_t?region=us-east-1&endpoint=http://127.0.0.1:1"
    async with stub_of(nowhere, endpoint):
        found = await scrape_here(endpoint)

        async def was_checked() -> bool:
            nonlocal found
            found = await scrape_here(endpoint)
            return found.total("pannier_store_calls_total", operation="check") > 0

        await eventually(was_checked)

    assert found.value("pannier_store_up") == 0
    assert found.value("pannier_dynamodb_lost_requests_total") >= 1


async def _is_up(endpoint: UnixAddress) -> bool:
    return (await scrape_here(endpoint)).value("pannier_store_up") == 1


def _owner() -> str:
    return f"owner-{uuid4()}"


async def test_consumed_capacity_is_what_dynamodb_says(
    dynamodb_table: Table, endpoint: UnixAddress
) -> None:
    owner = _owner()
    async with stub_of(dynamodb_table.store_url, endpoint) as stub:
        # 9 KB: ten write units (of 1 KB), three read units (of 4 KB) or half of it.
        await stub.Put(pb.PutRequest(key=f"{owner}:n", data=bytes(9_000)))
        after_put = await scrape_here(endpoint)
        await stub.Get(pb.GetRequest(key=f"{owner}:n"))
        await stub.Get(pb.GetRequest(key=f"{owner}:n", consistency=pb.CONSISTENCY_EVENTUAL))
        async for _ in stub.ListByPrefix(pb.ListByPrefixRequest(prefix=f"{owner}:")):
            pass
        await stub.PutIfVersion(pb.PutIfVersionRequest(key=f"{owner}:n", expected_version=1))
        await stub.Delete(pb.DeleteRequest(key=f"{owner}:n"))
        found = await scrape_here(endpoint)

    units = "pannier_dynamodb_consumed_capacity_units_total"
    # bytes(9000) is valid UTF-8, and stands in the row as text.
    assert after_put.value(units, operation="UpdateItem") == pytest.approx(10, abs=1)
    assert found.value(units, operation="GetItem") == 4.5
    assert found.value(units, operation="Query") == 3
    assert found.value(units, operation="UpdateItem") > after_put.value(
        units, operation="UpdateItem"
    )
    assert found.value(units, operation="DeleteItem") >= 1


async def test_the_wires_traffic_is_counted(dynamodb_table: Table, endpoint: UnixAddress) -> None:
    key = f"{_owner()}:n"
    async with stub_of(dynamodb_table.store_url, endpoint) as stub:
        await eventually(lambda: _is_up(endpoint))
        before = await scrape_here(endpoint)
        await stub.Put(pb.PutRequest(key=key, data=bytes(5_000)))
        await stub.Get(pb.GetRequest(key=key))
        found = await scrape_here(endpoint)

    assert _grown(found, before, "requests_total") >= 2
    assert _grown(found, before, "sent_bytes_total") > 5_000
    assert _grown(found, before, "received_bytes_total") > 5_000
    assert found.value("pannier_dynamodb_connections_opened_total") >= 1
    assert found.value("pannier_dynamodb_connections", state="idle") >= 1
    assert found.value("pannier_dynamodb_connections", state="busy") == 0


def _grown(found: Scrape, before: Scrape, name: str) -> float:
    name = f"pannier_dynamodb_{name}"
    return found.value(name) - before.value(name)


@asynccontextmanager
async def stub_that_meets(
    injection: Injection, engine: Engine, table: Table, endpoint: UnixAddress
) -> AsyncIterator[storage_pb2_grpc.StorageBackendStub]:
    """Yield a stub whose first request meets a fault; those of health have been made by then."""
    schedule = Scripted()
    async with fault_proxy(engine.endpoint, schedule) as proxy:
        behind = Table(table.name, endpoint=proxy.endpoint)
        async with stub_of(behind.store_url, endpoint, health_interval=3600) as stub:
            await eventually(lambda: _is_up(endpoint))
            schedule.requests.append(injection)
            yield stub


async def test_a_lost_answer_is_a_lost_request_a_retry_and_a_recognised_one(
    dynamodb_engine: Engine, dynamodb_table: Table, endpoint: UnixAddress
) -> None:
    lost = Injection(Fault.LOST_ANSWER)
    async with stub_that_meets(lost, dynamodb_engine, dynamodb_table, endpoint) as stub:
        answer = await stub.Put(pb.PutRequest(key=f"{_owner()}:n"))
        found = await scrape_here(endpoint)

    assert answer.version == 1
    assert found.value("pannier_dynamodb_lost_requests_total") == 1
    assert found.value("pannier_dynamodb_retries_total") == 1
    assert found.value("pannier_store_recognised_retries_total") == 1
    assert found.value("pannier_store_calls_total", operation="put", result="OK") == 1


async def test_a_throttled_request_is_counted_and_sets_a_limit(
    dynamodb_engine: Engine, dynamodb_table: Table, endpoint: UnixAddress
) -> None:
    # The whole account, not one key.
    throttled = Injection(Fault.THROTTLED_ACCOUNT, part=0.99)
    async with stub_that_meets(throttled, dynamodb_engine, dynamodb_table, endpoint) as stub:
        await stub.Put(pb.PutRequest(key=f"{_owner()}:n"))
        found = await scrape_here(endpoint)

    assert found.value("pannier_dynamodb_throttles_total") == 1
    assert found.value("pannier_dynamodb_pacer_limit", requests="writes") > 0
    assert found.value("pannier_dynamodb_pacer_limit", requests="reads") == 0
    assert found.value("pannier_dynamodb_pacer_admitted_total", requests="writes") == 1
