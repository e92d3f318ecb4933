"""A long list streams in bounded memory, and stops reading the store while its reader pauses."""

import asyncio
from collections.abc import Callable
from typing import Literal
from uuid import uuid4

import grpc
import pytest

import pannier
from pannier.v1 import storage_pb2 as pb
from pannier.v1.storage_pb2_grpc import StorageBackendStub
from pannier_server.app import running_sidecar
from pannier_server.backends.contract import Call, Key, Page, PageRequest, Write
from pannier_server.backends.registry import create_backend
from pannier_server.config import Settings
from pannier_server.testing.stateful import opened
from tests.engines.table import Table
from tests.sidecars import LOOPBACK, channel_to, memory_in_use, sidecar_process

COUNT = 20_000
SIZE = 1_000
MIB = 1024 * 1024

# Else the client itself takes in as many MiB as it thinks the connection is fast.
SMALL_WINDOW = (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65_536))


@pytest.fixture(scope="module")
def owner() -> str:
    return f"owner-{uuid4()}"


@pytest.fixture(scope="module", params=["sqlite", "dynamodb"])
def store_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, owner: str
) -> str:
    """A store that holds the records already."""
    if request.param == "sqlite":
        url = f"sqlite://{tmp_path_factory.mktemp('list')}/pannier.db"
    else:
        table: Table = request.getfixturevalue("dynamodb_table")
        url = table.store_url
    asyncio.run(fill(url, owner))
    return url


async def fill(url: str, owner: str) -> None:
    slots = asyncio.Semaphore(32)
    call = Call(now=0, deadline=asyncio.get_running_loop().time() + 300)
    async with opened(create_backend(url)) as backend:

        async def put(number: int) -> None:
            write = Write(b"%05d" % number * (SIZE // 5), None, str(uuid4()))
            async with slots:
                await backend.put(Key(owner, f"{number:05d}"), write, call)

        await asyncio.gather(*(put(number) for number in range(COUNT)))


def name(owner: str, number: int) -> str:
    return f"{owner}:{number:05d}"


@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_20000_records_stream_in_order_in_bounded_memory(
    store_url: str, owner: str, order: Literal["ascending", "descending"]
) -> None:
    numbers = range(COUNT) if order == "ascending" else range(COUNT - 1, -1, -1)
    expected = iter(numbers)
    with sidecar_process(store_url) as sidecar, pannier.connect(sidecar.address) as store:
        # One page warms what any list needs: code, connections, caches.
        list(store.list(f"{owner}:", limit=100))
        before = memory_in_use(sidecar.process.pid)
        most = before
        count = 0
        for record in store.list(f"{owner}:", order=order):
            number = next(expected)
            assert record.key == name(owner, number)
            assert record.data == b"%05d" % number * (SIZE // 5)
            count += 1
            if count % 500 == 0:
                most = max(most, memory_in_use(sidecar.process.pid))
        assert count == COUNT
    assert most - before < 16 * MIB


async def test_while_the_reader_pauses_calls_to_the_store_stop(store_url: str, owner: str) -> None:
    backend = create_backend(store_url)
    pages = 0
    fetched = asyncio.Event()
    list_page = backend.list_page

    async def counting(request: PageRequest, call: Call) -> Page:
        nonlocal pages
        pages += 1
        fetched.set()
        return await list_page(request, call)

    backend.list_page = counting  # type: ignore[method-assign]
    settings = Settings(store=store_url, listen=LOOPBACK, grace=1.0)
    async with (
        running_sidecar(settings, backend=backend) as sidecar,
        channel_to(sidecar, more_options=SMALL_WINDOW) as channel,
    ):
        stub = StorageBackendStub(channel)  # type: ignore[no-untyped-call]
        stream = stub.ListByPrefix(pb.ListByPrefixRequest(prefix=f"{owner}:", page_size=1000))
        await stream.read()
        paused_at = await until_quiet(lambda: pages)
        # 20 pages are all there is; buffers of the connection hold a few.
        assert paused_at < 10
        records = 0
        while (page := await stream.read()) is not grpc.aio.EOF:
            records += len(page.records)
        assert pages > paused_at
        assert records > COUNT - 2_000


async def until_quiet(count: Callable[[], int]) -> int:
    """Return a count once it has not changed for a while: there is no event for 'nothing'."""
    last = -1
    while last != (current := count()):
        last = current
        await asyncio.sleep(0.5)
    return last
