"""A real sidecar in front of a real engine that is throttled, and calls to it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import grpc

from pannier.v1 import storage_pb2 as pb
from pannier.v1 import storage_pb2_grpc
from tests.engines.table import Table
from tests.faults.proxy import FaultProxy, fault_proxy
from tests.sidecars import SidecarProcess, start_sidecar
from tests.statuses import Failure, failure_of

Stub = storage_pb2_grpc.StorageBackendStub


@dataclass
class ThrottledSidecar:
    """A sidecar process, a channel to it, and the proxy that throttles its table."""

    process: SidecarProcess
    proxy: FaultProxy
    channel: grpc.aio.Channel

    @property
    def stub(self) -> Stub:
        return Stub(self.channel)  # type: ignore[no-untyped-call]


@dataclass
class Tally:
    """What became of one owner's calls."""

    served: int = 0
    failures: list[Failure] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.served / (self.served + len(self.failures))

    @property
    def reasons(self) -> Counter[str]:
        return Counter(failure.reason for failure in self.failures)


@asynccontextmanager
async def throttled_sidecar(
    table: Table, transport: str, operations_per_second: float
) -> AsyncIterator[ThrottledSidecar]:
    """Run a sidecar on a table behind a proxy that grants so many operations a second."""
    assert table.endpoint is not None
    async with fault_proxy(table.endpoint, operations_per_second=operations_per_second) as proxy:
        store = replace(table, endpoint=proxy.endpoint).store_url
        process = await asyncio.to_thread(start_sidecar, store, f"--transport={transport}")
        try:
            async with grpc.aio.insecure_channel(process.address) as channel:
                yield ThrottledSidecar(process, proxy, channel)
        finally:
            if process.process.poll() is None:
                process.process.kill()
            await asyncio.to_thread(process.process.wait)
            assert process.process.stdout is not None
            process.process.stdout.close()


async def offer(call: Callable[[], Awaitable[object]], per_second: float, seconds: float) -> Tally:
    """Make calls at a steady rate that does not depend on their answers."""
    tally = Tally()
    loop = asyncio.get_running_loop()
    start = loop.time()
    calls: list[asyncio.Task[None]] = []

    async def once() -> None:
        try:
            await call()
            tally.served += 1
        except grpc.aio.AioRpcError as error:
            tally.failures.append(failure_of(error))

    for number in range(int(per_second * seconds)):
        await asyncio.sleep(start + number / per_second - loop.time())
        calls.append(asyncio.create_task(once()))
    await asyncio.gather(*calls)
    return tally


def get(stub: Stub, key: str) -> Callable[[], Awaitable[object]]:
    """Return a Get of one record."""
    return lambda: stub.Get(pb.GetRequest(key=key), timeout=10)


def put(stub: Stub, key: str) -> Callable[[], Awaitable[object]]:
    """Return a Put of one record."""
    return lambda: stub.Put(pb.PutRequest(key=key, data=b"x"), timeout=10)
