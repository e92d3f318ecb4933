"""The clients that people use work with each transport, over TCP and over a Unix socket."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from bench import ghz_runs
from pannier.v1 import storage_pb2 as pb
from pannier.v1.storage_pb2_grpc import StorageBackendStub
from tests.sidecars import TRANSPORTS, sidecar_process
from tests.transport.peers import peer

LARGE = bytes(range(250)) * 1_200  # 300 KB
SECONDS = 30


@pytest.fixture(scope="module", params=TRANSPORTS)
def addresses(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """A sidecar on each transport: where it listens, by the kind of the address."""
    path = tmp_path_factory.mktemp("socket") / "pannier.sock"
    where = ("--listen=127.0.0.1:0", f"--listen=unix:{path}")
    with sidecar_process("memory:", f"--transport={request.param}", *where) as sidecar:
        yield dict(zip(("tcp", "unix"), sidecar.addresses, strict=True))


class Client:
    """One of grpcio's two clients; the blocking one calls in threads."""

    def __init__(self, stub: StorageBackendStub, threads: ThreadPoolExecutor | None) -> None:
        self._stub = stub
        self._threads = threads

    async def call(self, name: str, request: Any, **options: Any) -> Any:
        rpc = getattr(self._stub, name)
        if self._threads is None:
            return await rpc(request, **options)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: rpc(request, **options))

    async def pages(self, request: pb.ListByPrefixRequest) -> list[pb.ListByPrefixResponse]:
        if self._threads is None:
            return [page async for page in self._stub.ListByPrefix(request)]
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads, lambda: list(self._stub.ListByPrefix(request))
        )


@pytest.fixture(params=["tcp", "unix"])
def address(addresses: dict[str, str], request: pytest.FixtureRequest) -> str:
    return addresses[request.param]


@pytest.fixture(params=["blocking", "asyncio"])
async def client(request: pytest.FixtureRequest, address: str) -> AsyncIterator[Client]:
    if request.param == "asyncio":
        async with grpc.aio.insecure_channel(address) as channel:
            yield Client(_stub(channel), None)
    else:
        with grpc.insecure_channel(address) as blocking, ThreadPoolExecutor(50) as threads:
            yield Client(_stub(blocking), threads)


def _stub(channel: object) -> StorageBackendStub:
    return StorageBackendStub(channel)  # type: ignore[no-untyped-call]


@pytest.fixture
def key() -> str:
    return f"{uuid4().hex}:record"


async def test_large_records_go_both_ways(client: Client, key: str) -> None:
    for version in range(1, 11):
        put = await client.call("Put", pb.PutRequest(key=key, data=LARGE), timeout=SECONDS)
        assert put.version == version
        got = await client.call("Get", pb.GetRequest(key=key), timeout=SECONDS)
        assert got.record.data == LARGE


async def test_an_error_comes_with_its_details(client: Client, key: str) -> None:
    with pytest.raises(grpc.RpcError) as failure:
        await client.call("Get", pb.GetRequest(key=key), timeout=SECONDS)
    error: Any = failure.value
    assert error.code() is grpc.StatusCode.NOT_FOUND
    details = Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
    info = ErrorInfo()
    assert details.details[0].Unpack(info)
    assert info.reason == "RECORD_NOT_FOUND"


async def test_a_list_streams_its_pages(client: Client, key: str) -> None:
    names = [f"{key}-{number:03}" for number in range(120)]
    for name in names:
        await client.call("Put", pb.PutRequest(key=name, data=b"x" * 1_000), timeout=SECONDS)
    pages = await client.pages(pb.ListByPrefixRequest(prefix=key, page_size=7))
    assert [record.key for page in pages for record in page.records] == names
    assert len(pages) >= 120 / 7


async def test_calls_one_after_the_other(client: Client, key: str) -> None:
    await client.call("Put", pb.PutRequest(key=key, data=b"x"), timeout=SECONDS)
    for _ in range(200):
        got = await client.call("Get", pb.GetRequest(key=key), timeout=SECONDS)
        assert got.record.data == b"x"


async def test_calls_side_by_side(client: Client, key: str) -> None:
    keys = [f"{key}-{number}" for number in range(200)]
    puts = (pb.PutRequest(key=each, data=each.encode() * 500) for each in keys)
    await asyncio.gather(*(client.call("Put", put, timeout=SECONDS) for put in puts))
    gets = (client.call("Get", pb.GetRequest(key=each), timeout=SECONDS) for each in keys)
    answers = await asyncio.gather(*gets)
    assert [answer.record.data for answer in answers] == [each.encode() * 500 for each in keys]


@pytest.fixture
async def stub_with_large_list(address: str, key: str) -> AsyncIterator[StorageBackendStub]:
    """A client and 6 MB of records whose keys start with ``key``."""
    async with grpc.aio.insecure_channel(address) as channel:
        stub = _stub(channel)
        for number in range(20):
            await stub.Put(pb.PutRequest(key=f"{key}-{number}", data=LARGE), timeout=SECONDS)
        yield stub


async def test_a_stream_that_is_left_leaves_the_connection_usable(
    stub_with_large_list: StorageBackendStub, key: str
) -> None:
    for _ in range(20):
        call = stub_with_large_list.ListByPrefix(pb.ListByPrefixRequest(prefix=key, page_size=1))
        await call.read()
        call.cancel()
    got = await stub_with_large_list.Get(pb.GetRequest(key=f"{key}-0"), timeout=SECONDS)
    assert got.record.data == LARGE


async def test_a_deadline_ends_a_stream_that_nobody_reads(
    stub_with_large_list: StorageBackendStub, key: str
) -> None:
    request = pb.ListByPrefixRequest(prefix=key, page_size=1)
    call = stub_with_large_list.ListByPrefix(request, timeout=0.5)
    await call.read()
    assert await call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    got = await stub_with_large_list.Get(pb.GetRequest(key=f"{key}-0"), timeout=SECONDS)
    assert got.record.data == LARGE


@pytest.mark.parametrize("step", ["put", "get", "list_by_prefix", "mixed/get"])
@pytest.mark.timeout(700)  # ghz is built in the setup of the first test that needs it
def test_grpc_go_makes_many_calls_without_an_error(addresses: dict[str, str], step: str) -> None:
    peer("ghz")
    ghz_runs.run(addresses["tcp"], "seed/records")
    calls = ghz_runs.run(addresses["tcp"], step, scale=0.1)
    assert calls.errors == {}
    assert calls.requests > 0


async def test_a_client_finds_the_sidecar_again_after_a_restart(
    transport: str, tmp_path: Path, key: str
) -> None:
    listen = f"unix:{tmp_path}/pannier.sock"
    options = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 100)]
    async with grpc.aio.insecure_channel(listen, options=options) as channel:
        for _ in range(3):
            with sidecar_process(
                "memory:", f"--transport={transport}", f"--listen={listen}"
            ) as sidecar:
                put = pb.PutRequest(key=key, data=b"x")
                answer = await _stub(channel).Put(put, timeout=SECONDS, wait_for_ready=True)
                assert answer.version == 1
                assert sidecar.stop() == 0
