"""Spans of calls that run at the same time never mix."""

import asyncio
from uuid import uuid4

from pannier.v1 import storage_pb2 as pb
from pannier_server.backends.contract import Call, Key, Record, Write, Written
from pannier_server.backends.memory import MemoryBackend
from tests.sidecars import sidecar_stub
from tests.traces.receiver import Receiver

CALLS = 64


class MeetingBackend(MemoryBackend):
    """Lets writes wait for each other, and go on last come, first served.

    Reads are answered at once, in between.
    """

    def __init__(self, writes: int) -> None:
        super().__init__()
        self.writes = writes
        self.waiting: list[asyncio.Event] = []

    async def get(self, key: Key, *, consistent: bool, call: Call) -> Record:
        return Record(key, b"", 1, "1-e", None)

    async def put(self, key: Key, write: Write, call: Call) -> Written:
        mine = asyncio.Event()
        self.waiting.append(mine)
        if len(self.waiting) == self.writes:
            self.waiting.pop().set()
        await mine.wait()
        written = await super().put(key, write, call)
        if self.waiting:
            self.waiting.pop().set()
        return written


async def test_each_call_has_its_own_trace(transport: str, receiver: Receiver) -> None:
    traces = [uuid4().hex for _ in range(CALLS)]
    parents = [f"{number:016x}" for number in range(1, CALLS + 1)]
    async with sidecar_stub(MeetingBackend(CALLS // 2), transport=transport, traces=True) as stub:

        async def call(number: int) -> None:
            sent = f"00-{traces[number]}-{parents[number]}-01"
            key, metadata = f"o:{number}", (("traceparent", sent),)
            if number % 2:
                await stub.Get(pb.GetRequest(key=key), metadata=metadata)
            else:
                await stub.Put(pb.PutRequest(key=key), metadata=metadata)

        await asyncio.gather(*map(call, range(CALLS)))

    spans = receiver.spans
    assert len(spans) == 2 * CALLS
    for number, trace in enumerate(traces):
        operation = "get" if number % 2 else "put"
        (server,) = [span for span in spans if span.parent == parents[number]]
        (store,) = [span for span in spans if span.parent == server.id]
        assert server.trace == store.trace == trace
        assert server.name == f"pannier.v1.StorageBackend/{operation.title()}"
        assert store.name == f"memory.{operation}"
