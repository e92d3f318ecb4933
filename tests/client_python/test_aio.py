"""What only asyncio has: cancellation, event loops, coroutines as changes."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import grpc
import pytest

import pannier
import pannier.aio
from pannier.v1 import storage_pb2 as pb
from tests.client_python.scripted_sidecar import (
    ScriptedSidecar,
    answer,
    found,
    hang,
    page,
    unavailable,
    when_received,
)


@pytest.fixture
async def aio_store(sidecar: ScriptedSidecar) -> AsyncIterator[pannier.aio.Store]:
    async with pannier.aio.connect(sidecar.address) as store:
        yield store


async def test_a_cancelled_call_is_not_tried_again(
    aio_store: pannier.aio.Store, sidecar: ScriptedSidecar
) -> None:
    came = when_received(sidecar)
    call = asyncio.create_task(aio_store.put("o:n", b""))
    await asyncio.to_thread(came.wait)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert len(sidecar.received) == 1


async def test_a_pause_between_attempts_can_be_cancelled(sidecar: ScriptedSidecar) -> None:
    sidecar.will(*[unavailable()] * 1_000)
    slow = pannier.RetryPolicy(initial_backoff=600, max_backoff=600)
    async with pannier.aio.connect(sidecar.address, retries=slow, timeout=9_000) as store:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await store.get("o:n")


async def test_closing_the_store_does_not_look_like_a_cancelled_task(
    aio_store: pannier.aio.Store, sidecar: ScriptedSidecar
) -> None:
    came = when_received(sidecar)
    call = asyncio.create_task(aio_store.get("o:n"))
    await asyncio.to_thread(came.wait)
    await aio_store.close()
    with pytest.raises(pannier.StoreClosed):
        await call


async def test_a_change_may_be_a_coroutine(
    aio_store: pannier.aio.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(found(b"a"), answer(pb.PutIfVersionResponse(version=2, etag="e2")))

    async def change(data: bytes) -> bytes:
        await asyncio.sleep(0)
        return data + b"!"

    assert (await aio_store.update("o:n", change)).data == b"a!"


async def test_a_list_that_is_left_early_ends_its_stream(
    aio_store: pannier.aio.Store, sidecar: ScriptedSidecar
) -> None:
    ended = threading.Event()

    def endless(request: object, context: grpc.ServicerContext) -> Iterator[object]:
        context.add_callback(ended.set)
        yield page("a", token="t1")
        hang(request, context)

    sidecar.will(endless)
    async for record in aio_store.list("o:"):
        assert record.key == "o:a"
        break
    assert await asyncio.to_thread(ended.wait, 10)


async def test_many_calls_share_a_store(live_address: str, owner: str) -> None:
    async with pannier.aio.connect(live_address) as store:
        keys = [f"{owner}:{number:03}" for number in range(200)]
        await asyncio.gather(*[store.put(key, key.encode()) for key in keys])
        assert [record.key async for record in store.list(f"{owner}:")] == keys


def test_a_store_needs_a_running_event_loop() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        pannier.aio.connect("unix:/p.sock")


async def test_a_store_is_shown_by_its_address(aio_store: pannier.aio.Store) -> None:
    assert repr(aio_store) == f"<pannier.aio.Store at {aio_store.address}>"
