"""A list is a stream of pages, each small enough to send, fetched one ahead."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import grpc
import pytest

from pannier.v1 import storage_pb2 as pb
from pannier.v1.storage_pb2_grpc import StorageBackendStub
from pannier_server.backends.contract import (
    Call,
    Key,
    Page,
    PageRequest,
    Record,
    Unreadable,
    Write,
)
from pannier_server.backends.errors import StoreUnavailable
from pannier_server.backends.memory import MemoryBackend
from pannier_server.service.handlers import BackendHandlers
from pannier_server.service.interface import CallContext
from tests.sidecars import SettableClock, sidecar_stub

MIB = 1024 * 1024
WRITE_ID = "2f1c7a52-7d0b-4f0e-9d3a-0d6f6a8f2c11"
CALL = Call(now=0, deadline=1e12)


async def fill(backend: MemoryBackend, count: int, size: int = 1) -> list[str]:
    keys = [f"o:{number:05}" for number in range(count)]
    for key in keys:
        await backend.put(Key(*key.split(":")), Write(b"x" * size, None, WRITE_ID), CALL)
    return keys


async def pages_of(stub: StorageBackendStub, **request: object) -> list[pb.ListByPrefixResponse]:
    message = pb.ListByPrefixRequest(prefix="o:", **request)  # type: ignore[arg-type]
    return [page async for page in stub.ListByPrefix(message)]


def keys_of(pages: Sequence[pb.ListByPrefixResponse]) -> list[str]:
    return [record.key for page in pages for record in page.records]


@pytest.fixture
def backend() -> MemoryBackend:
    return MemoryBackend()


@pytest.fixture
async def stub(backend: MemoryBackend) -> AsyncIterator[StorageBackendStub]:
    async with sidecar_stub(backend) as connected:
        yield connected


async def test_an_empty_list_is_one_page_without_a_token(stub: StorageBackendStub) -> None:
    assert await pages_of(stub) == [pb.ListByPrefixResponse()]


@pytest.mark.parametrize("page_size", [1, 3, 7, 10, 0, 1_000, 5_000])
@pytest.mark.parametrize("order", [pb.ORDER_ASCENDING, pb.ORDER_DESCENDING])
async def test_pages_hold_every_record_once_and_only_the_last_has_no_token(
    stub: StorageBackendStub, backend: MemoryBackend, page_size: int, order: "pb.Order"
) -> None:
    keys = await fill(backend, 21)
    pages = await pages_of(stub, page_size=page_size, order=order)
    assert keys_of(pages) == (keys if order == pb.ORDER_ASCENDING else keys[::-1])
    assert [bool(page.next_page_token) for page in pages] == [True] * (len(pages) - 1) + [False]
    assert all(len(page.records) <= (page_size or 100) for page in pages)


async def test_pages_default_to_100_records_and_hold_1000_at_most(
    stub: StorageBackendStub, backend: MemoryBackend
) -> None:
    await fill(backend, 1_001)
    assert len((await pages_of(stub))[0].records) == 100
    assert len((await pages_of(stub, page_size=100_000))[0].records) == 1_000


@pytest.mark.parametrize("size", [1_000, 20_000, 349_000])
async def test_a_page_stays_below_one_mebibyte(
    stub: StorageBackendStub, backend: MemoryBackend, size: int
) -> None:
    keys = await fill(backend, 1_200 if size == 1_000 else 70, size)
    pages = await pages_of(stub, page_size=1_000)
    assert keys_of(pages) == keys
    assert max(page.ByteSize() for page in pages) < MIB


async def test_a_record_of_its_own_may_exceed_a_page() -> None:
    backend = MemoryBackend()
    keys = await fill(backend, 3, 2 * MIB)
    async with sidecar_stub(backend, max_data_bytes=3 * MIB) as stub:
        pages = await pages_of(stub)
    assert [len(page.records) for page in pages] == [1, 1, 1]
    assert keys_of(pages) == keys


@pytest.mark.parametrize("order", [pb.ORDER_ASCENDING, pb.ORDER_DESCENDING])
async def test_a_list_goes_on_from_any_token(
    stub: StorageBackendStub, backend: MemoryBackend, order: "pb.Order"
) -> None:
    await fill(backend, 60, 50_000)
    pages = await pages_of(stub, page_size=50, order=order)
    assert len(pages) > 3
    for index, page in enumerate(pages[:-1]):
        rest = await pages_of(stub, page_token=page.next_page_token, order=order)
        assert keys_of(rest) == keys_of(pages[index + 1 :])


@pytest.mark.parametrize(
    "other",
    [
        pb.ListByPrefixRequest(prefix="p:"),
        pb.ListByPrefixRequest(prefix="o:0"),
        pb.ListByPrefixRequest(prefix="o:", order=pb.ORDER_DESCENDING),
    ],
)
async def test_a_token_is_bound_to_owner_prefix_and_order(
    stub: StorageBackendStub, backend: MemoryBackend, other: pb.ListByPrefixRequest
) -> None:
    await fill(backend, 5)
    other.page_token = (await pages_of(stub, page_size=2))[0].next_page_token
    with pytest.raises(grpc.aio.AioRpcError, match="page_token"):
        await stub.ListByPrefix(other).read()


@pytest.mark.parametrize(("limit", "page_size"), [(1, 10), (7, 3), (20, 20), (6, 3), (25, 10)])
async def test_limit_counts_the_records_of_a_call_and_its_last_token_goes_on(
    stub: StorageBackendStub, backend: MemoryBackend, limit: int, page_size: int
) -> None:
    keys = await fill(backend, 20)
    pages = await pages_of(stub, limit=limit, page_size=page_size)
    assert keys_of(pages) == keys[:limit]
    if limit < 20:
        rest = await pages_of(stub, page_token=pages[-1].next_page_token)
        assert keys_of(rest) == keys[limit:]
    else:
        assert not pages[-1].next_page_token


async def test_keys_only_leaves_the_data_out(
    stub: StorageBackendStub, backend: MemoryBackend
) -> None:
    await fill(backend, 2, 1_000)
    (page,) = await pages_of(stub, keys_only=True)
    assert [(r.key, r.data, r.version) for r in page.records] == [
        ("o:00000", b"", 1),
        ("o:00001", b"", 1),
    ]
    assert all(record.etag for record in page.records)


@dataclass
class ScriptedBackend(MemoryBackend):
    """Answers prepared pages, and records what it was asked."""

    pages: list[Page | Exception] = field(default_factory=list)
    asked: list[PageRequest] = field(default_factory=list)
    expiry_json_field: str | None = None

    async def list_page(self, request: PageRequest, call: Call) -> Page:
        self.asked.append(request)
        page = self.pages[len(self.asked) - 1]
        if isinstance(page, Exception):
            raise page
        return page


def record(name: str) -> Record:
    return Record(Key("o", name), b"", 1, "1-a", None)


async def test_empty_pages_of_the_store_are_not_the_end() -> None:
    backend = ScriptedBackend(
        pages=[Page([], "a"), Page([record("b")], "b"), Page([], "c"), Page([], None)]
    )
    async with sidecar_stub(backend) as stub:
        pages = await pages_of(stub)
    assert keys_of(pages) == ["o:b"]
    assert [asked.after for asked in backend.asked] == [None, "a", "b", "c"]
    assert not pages[-1].next_page_token


async def test_unreadable_rows_are_named_and_do_not_count_towards_limit() -> None:
    row = Unreadable(Key("o", "b"), "version is missing")
    backend = ScriptedBackend(pages=[Page([record("a"), row], "b"), Page([record("c")], "c")])
    async with sidecar_stub(backend) as stub:
        pages = await pages_of(stub, limit=2)
    assert keys_of(pages) == ["o:a", "o:c"]
    unreadable = [entry for page in pages for entry in page.unreadable]
    assert unreadable == [pb.UnreadableRecord(key="o:b", problem="version is missing")]


async def test_a_store_that_fails_in_the_middle_ends_the_stream_with_its_status() -> None:
    backend = ScriptedBackend(pages=[Page([record("a")], "a"), StoreUnavailable("gone")])
    async with sidecar_stub(backend) as stub:
        call = stub.ListByPrefix(pb.ListByPrefixRequest(prefix="o:"))
        assert keys_of([await call.read()]) == ["o:a"]
        with pytest.raises(grpc.aio.AioRpcError, match="gone"):
            await call.read()


async def test_each_page_has_its_own_clock_reading_and_deadline() -> None:
    calls: list[Call] = []

    class Recording(MemoryBackend):
        async def list_page(self, request: PageRequest, call: Call) -> Page:
            calls.append(call)
            clock.time = (clock.time or 0) + 60
            return await super().list_page(request, call)

    clock = SettableClock(1_000.9)
    backend = Recording()
    await fill(backend, 3)
    async with sidecar_stub(backend, clock) as stub:
        await pages_of(stub, page_size=1)
    assert [call.now for call in calls] == [1_000, 1_060, 1_120]


async def test_pages_are_fetched_one_ahead_and_no_more() -> None:
    backend = ScriptedBackend(pages=[Page([record(f"{n}")], f"{n}") for n in range(9)])
    handlers = BackendHandlers(backend, max_data_bytes=1)
    context = CallContext(clock=lambda: 0.0, deadline=None, default_timeout=10.0)
    pages = handlers.list_by_prefix(pb.ListByPrefixRequest(prefix="o:"), context)
    for taken in range(1, 5):
        await anext(pages)
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(backend.asked) == taken + 1
    await pages.aclose()
    assert len(backend.asked) == 5
