"""Store calls beyond the limit are refused, on each transport, whatever the store."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo

from pannier.v1 import storage_pb2 as pb
from pannier.v1 import storage_pb2_grpc
from pannier_server.backends.contract import Call, Key, Record, Write, Written
from pannier_server.backends.memory import MemoryBackend
from tests.sidecars import TRANSPORTS, eventually, sidecar_stub
from tests.statuses import Failure, failure_of

Stub = storage_pb2_grpc.StorageBackendStub


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


class BlockedBackend(MemoryBackend):
    """Answers Gets of names that begin with ``slow``, and all Puts, when it is told to."""

    def __init__(self) -> None:
        super().__init__(expiry_json_field=None)
        self.go_on = asyncio.Event()
        self.waiting = 0
        self.arrived = asyncio.Condition()

    async def get(self, key: Key, *, consistent: bool, call: Call) -> Record:
        if key.name.startswith("slow"):
            await self._wait()
        return await super().get(key, consistent=consistent, call=call)

    async def put(self, key: Key, write: Write, call: Call) -> Written:
        if key.name.startswith("slow"):
            await self._wait()
        return await super().put(key, write, call)

    async def _wait(self) -> None:
        async with self.arrived:
            self.waiting += 1
            self.arrived.notify_all()
        await self.go_on.wait()

    async def holds(self, count: int) -> None:
        async with self.arrived:
            await self.arrived.wait_for(lambda: self.waiting == count)


@asynccontextmanager
async def blocked(transport: str, max_calls: int) -> AsyncIterator[tuple[Stub, BlockedBackend]]:
    backend = BlockedBackend()
    async with sidecar_stub(backend, transport=transport, max_calls=max_calls) as stub:
        try:
            yield stub, backend
        finally:
            backend.go_on.set()


async def is_let_in(stub: Stub) -> bool:
    try:
        await stub.Put(pb.PutRequest(key="b:n", data=b"x"))
    except grpc.aio.AioRpcError:
        return False
    return True


@contextmanager
def overloaded() -> Iterator[list[Failure]]:
    """Expect that a call is refused, and yield a list that gets its failure."""
    failures: list[Failure] = []
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        yield failures
    failures.append(failure_of(raised.value))
    (failure,) = failures
    assert (failure.code.name, failure.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
    (retry,) = failure.details
    assert isinstance(retry, RetryInfo)
    assert retry.retry_delay.ToMilliseconds() > 0


async def test_calls_beyond_the_limit_are_refused_until_there_is_room(transport: str) -> None:
    async with blocked(transport, max_calls=1) as (stub, backend):
        put = asyncio.ensure_future(stub.Put(pb.PutRequest(key="a:slow", data=b"x")))
        await backend.holds(1)
        with overloaded() as read:
            await stub.Get(pb.GetRequest(key="b:n"))
        assert read[0].write_outcome is None
        with overloaded() as written:
            await stub.Put(pb.PutRequest(key="b:n", data=b"x"))
        assert written[0].write_outcome == "not_applied"
        backend.go_on.set()
        await put
        await stub.Put(pb.PutRequest(key="b:n", data=b"x"))


async def test_one_owner_leaves_room_for_others(transport: str) -> None:
    async with blocked(transport, max_calls=20) as (stub, backend):
        await stub.Put(pb.PutRequest(key="b:n", data=b"x"))
        calls = [
            asyncio.ensure_future(stub.Get(pb.GetRequest(key=f"a:slow{number}")))
            for number in range(30)
        ]
        done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        assert done
        assert (await stub.Get(pb.GetRequest(key="b:n"))).record.data == b"x"
        for call in done:
            with overloaded():
                await call
        backend.go_on.set()
        await asyncio.gather(*calls, return_exceptions=True)


async def test_a_call_that_its_caller_gives_up_leaves_its_place(transport: str) -> None:
    async with blocked(transport, max_calls=1) as (stub, backend):
        gone = asyncio.ensure_future(stub.Get(pb.GetRequest(key="a:slow")))
        await backend.holds(1)
        gone.cancel()
        await eventually(lambda: is_let_in(stub))


async def test_a_reader_that_is_slow_holds_no_place(transport: str) -> None:
    async with blocked(transport, max_calls=1) as (stub, _):
        for number in range(5):
            await stub.Put(pb.PutRequest(key=f"a:{number}", data=b"x"))
        pages = stub.ListByPrefix(pb.ListByPrefixRequest(prefix="a:", page_size=1))
        await pages.read()
        await stub.Put(pb.PutRequest(key="b:n", data=b"x"))
        names = set()
        while (page := await pages.read()) is not grpc.aio.EOF:
            names |= {record.key for record in page.records}
        assert names == {f"a:{number}" for number in range(1, 5)}
