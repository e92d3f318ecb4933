"""Each call is counted once, with how it ended and how long it took, on both transports."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from pannier.v1 import storage_pb2 as pb
from pannier.v1 import storage_pb2_grpc
from pannier_server.app import running_sidecar
from pannier_server.backends.contract import Call, Key, Record
from pannier_server.backends.memory import MemoryBackend
from pannier_server.config import Settings
from pannier_server.config.addresses import UnixAddress
from pannier_server.service.servicer import SERVICE_NAME
from tests.metrics.scraping import Scrape, scrape_here
from tests.security.auth_files import AuthFileOnDisk, Caller
from tests.sidecars import LOOPBACK, channel_to, eventually

KEY = "o:n"


class SlowBackend(MemoryBackend):
    """Answers a Get when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def get(self, key: Key, *, consistent: bool, call: Call) -> Record:
        self.asked.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody lets it answer")


@dataclass
class Served:
    """A sidecar in this process with its metrics."""

    channel: grpc.aio.Channel
    stub: storage_pb2_grpc.StorageBackendStub
    endpoint: UnixAddress

    async def scrape(self) -> Scrape:
        return await scrape_here(self.endpoint)

    async def until_ended(self, rpc: str, code: str, calls: int = 1) -> Scrape:
        """Scrape until so many calls have ended; a server hears of a client's end later."""

        found = await self.scrape()

        async def have_ended() -> bool:
            nonlocal found
            found = await self.scrape()
            return found.value("pannier_rpc_calls_total", rpc=rpc, code=code) == calls

        await eventually(have_ended)
        return found


@asynccontextmanager
async def served(
    transport: str,
    endpoint: UnixAddress,
    backend: MemoryBackend | None = None,
    auth: str | None = None,
) -> AsyncIterator[Served]:
    settings = Settings(
        store="memory:",
        listen=LOOPBACK,
        grace=1.0,
        transport=transport,
        metrics=endpoint,
        auth=auth,
    )
    async with (
        running_sidecar(settings, backend=backend or MemoryBackend()) as sidecar,
        channel_to(sidecar) as channel,
    ):
        stub = storage_pb2_grpc.StorageBackendStub(channel)  # type: ignore[no-untyped-call]
        yield Served(channel, stub, endpoint)


async def test_calls_are_counted_by_method_and_code(transport: str, endpoint: UnixAddress) -> None:
    async with served(transport, endpoint) as sidecar:
        await sidecar.stub.Put(pb.PutRequest(key=KEY, data=b"x"))
        for _ in range(3):
            await sidecar.stub.Get(pb.GetRequest(key=KEY))
        with pytest.raises(grpc.aio.AioRpcError):
            await sidecar.stub.Get(pb.GetRequest(key="o:absent"))
        with pytest.raises(grpc.aio.AioRpcError):
            await sidecar.stub.PutIfVersion(pb.PutIfVersionRequest(key=KEY, expected_version=7))
        async for _ in sidecar.stub.ListByPrefix(pb.ListByPrefixRequest(prefix="o:")):
            pass
        found = await sidecar.scrape()

    ended = "pannier_rpc_calls_total"
    assert found.value(ended, rpc="Put", code="OK") == 1
    assert found.value(ended, rpc="Get", code="OK") == 3
    assert found.value(ended, rpc="Get", code="NOT_FOUND") == 1
    assert found.value(ended, rpc="PutIfVersion", code="ABORTED") == 1
    assert found.value(ended, rpc="ListByPrefix", code="OK") == 1
    assert found.value(ended, rpc="PutIfVersion", code="OK") == 0
    assert found.total(ended) == 7


async def test_a_call_is_in_one_bucket_of_its_methods_durations(
    transport: str, endpoint: UnixAddress
) -> None:
    async with served(transport, endpoint) as sidecar:
        for _ in range(5):
            await sidecar.stub.Put(pb.PutRequest(key=KEY))
        found = await sidecar.scrape()

    duration = "pannier_rpc_duration_seconds"
    assert found.value(f"{duration}_count", rpc="Put") == 5
    assert found.value(f"{duration}_bucket", rpc="Put", le="+Inf") == 5
    assert 0 < found.value(f"{duration}_sum", rpc="Put") < 60
    assert found.value(f"{duration}_count", rpc="Get") == 0


async def test_message_bytes_are_counted_in_both_directions(
    transport: str, endpoint: UnixAddress
) -> None:
    put = pb.PutRequest(key=KEY, data=bytes(1000))
    async with served(transport, endpoint) as sidecar:
        await sidecar.stub.Put(put)
        answer = await sidecar.stub.Get(pb.GetRequest(key=KEY))
        page = [
            page async for page in sidecar.stub.ListByPrefix(pb.ListByPrefixRequest(prefix="o:"))
        ]
        found = await sidecar.scrape()

    assert found.value("pannier_rpc_request_bytes_total", rpc="Put") == put.ByteSize()
    assert found.value("pannier_rpc_response_bytes_total", rpc="Get") == answer.ByteSize()
    assert found.value("pannier_rpc_response_bytes_total", rpc="ListByPrefix") == sum(
        each.ByteSize() for each in page
    )


async def test_a_call_under_way_is_shown_and_a_cancelled_one_counts_as_cancelled(
    transport: str, endpoint: UnixAddress
) -> None:
    backend = SlowBackend()
    async with served(transport, endpoint, backend) as sidecar:
        call = sidecar.stub.Get(pb.GetRequest(key=KEY))
        await backend.asked.wait()
        under_way = await sidecar.scrape()
        call.cancel()
        after = await sidecar.until_ended("Get", "CANCELLED")

    assert under_way.value("pannier_rpc_in_flight", rpc="Get") == 1
    assert under_way.value("pannier_store_calls_in_flight", operation="get") == 1
    assert after.value("pannier_rpc_in_flight", rpc="Get") == 0
    assert after.value("pannier_store_calls_total", operation="get", result="CANCELLED") == 1


async def test_a_deadline_that_passes_counts_as_such(transport: str, endpoint: UnixAddress) -> None:
    async with served(transport, endpoint, SlowBackend()) as sidecar:
        with suppress(grpc.aio.AioRpcError):
            await sidecar.stub.Get(pb.GetRequest(key=KEY), timeout=0.2)
        found = await sidecar.scrape()

        async def has_ended() -> bool:
            nonlocal found
            found = await sidecar.scrape()
            return found.value("pannier_rpc_in_flight", rpc="Get") == 0

        await eventually(has_ended)

    # The client's reset may come before the server's own timer, and then says no more.
    ends = {
        code: found.value("pannier_rpc_calls_total", rpc="Get", code=code)
        for code in ("OK", "DEADLINE_EXCEEDED", "CANCELLED")
    }
    assert ends["OK"] == 0
    assert ends["DEADLINE_EXCEEDED"] + ends["CANCELLED"] == 1


async def test_a_list_that_its_client_leaves_counts_as_cancelled(
    transport: str, endpoint: UnixAddress
) -> None:
    async with served(transport, endpoint) as sidecar:
        for number in range(20):
            await sidecar.stub.Put(pb.PutRequest(key=f"o:{number}", data=bytes(300_000)))
        listing = sidecar.stub.ListByPrefix(pb.ListByPrefixRequest(prefix="o:"))
        await listing.read()
        listing.cancel()
        found = await sidecar.until_ended("ListByPrefix", "CANCELLED")

    assert found.value("pannier_rpc_in_flight", rpc="ListByPrefix") == 0


async def test_a_request_that_is_no_message_counts_although_no_handler_sees_it(
    transport: str, endpoint: UnixAddress
) -> None:
    async with served(transport, endpoint) as sidecar:
        get: Any = sidecar.channel.unary_unary(f"/{SERVICE_NAME}/Get")
        with pytest.raises(grpc.aio.AioRpcError):
            await get(b"\xff")
        found = await sidecar.scrape()

    assert found.value("pannier_rpc_calls_total", rpc="Get", code="INVALID_ARGUMENT") == 1
    assert found.value("pannier_store_calls_total", operation="get", result="OK") == 0


async def test_refused_callers_are_counted_by_why_and_never_named(
    transport: str, endpoint: UnixAddress, tmp_path: Path
) -> None:
    file = AuthFileOnDisk(tmp_path)
    reader = Caller("the-reader", [("tenant-of-secrets", "read")])
    file.write(reader)
    known = (("authorization", f"Bearer {reader.token}"),)
    unknown = (("authorization", "Bearer wrong"),)
    async with served(transport, endpoint, auth=str(file)) as sidecar:
        for metadata in ((), unknown, unknown, (("authorization", "Basic x"),)):
            with pytest.raises(grpc.aio.AioRpcError):
                await sidecar.stub.Get(pb.GetRequest(key=KEY), metadata=metadata)
        with pytest.raises(grpc.aio.AioRpcError):
            await sidecar.stub.Put(pb.PutRequest(key="tenant-of-secrets:n"), metadata=known)
        with pytest.raises(grpc.aio.AioRpcError):
            await sidecar.stub.Get(pb.GetRequest(key="tenant-of-secrets:n"), metadata=known)
        found = await sidecar.scrape()

    refused = "pannier_auth_refusals_total"
    assert found.value(refused, reason="nothing_shown") == 1
    assert found.value(refused, reason="unknown_token") == 2
    assert found.value(refused, reason="malformed_token") == 1
    assert found.value(refused, reason="permission_denied") == 1
    assert found.value(refused, reason="unknown_peer") == 0
    assert found.value("pannier_rpc_calls_total", rpc="Get", code="UNAUTHENTICATED") == 4
    for secret in ("tenant-of-secrets", "the-reader", reader.token, "wrong"):
        assert secret not in found.text
