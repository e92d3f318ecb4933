"""What connections and calls leave behind: nothing, and at once."""

import asyncio
import gc
import logging
import tracemalloc
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from bench.attacks import frames
from bench.attacks.frames import END_STREAM
from tests.transport.serving.client import Client, connected
from tests.transport.serving.servers import (
    Running,
    serving,
    stream_stream,
    stream_unary,
    unary,
    unary_stream,
    until,
)


@pytest.fixture
def _no_collector() -> Iterator[None]:
    """Nothing but reference counts frees memory: what is in a cycle stays."""
    # The records of what was logged keep the tracebacks, and those everything else.
    logging.disable()
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    gc.collect()
    logging.disable(logging.NOTSET)


class Traces:
    """Handlers of all kinds whose contexts can be seen to vanish."""

    def __init__(self) -> None:
        self.alive: weakref.WeakSet[Any] = weakref.WeakSet()

    def note(self) -> Any:
        """Return what lives as long as the handler's own frame and its context's extras."""

        class Trace:
            pass

        trace = Trace()
        self.alive.add(trace)
        return trace

    async def at_once(self, request: bytes, context: Any) -> bytes:
        trace = self.note()
        context.add_done_callback(lambda _context, _trace=trace: None)
        return request

    async def waits(self, request: bytes, context: Any) -> bytes:
        trace = self.note()
        context.add_done_callback(lambda _context, _trace=trace: None)
        await asyncio.sleep(0)
        return request

    async def fails(self, request: bytes, context: Any) -> bytes:
        await self.waits(request, context)
        raise LookupError

    async def large(self, request: bytes, context: Any) -> bytes:
        await self.waits(request, context)
        return bytes(100_000)

    async def for_ever(self, request: bytes, context: Any) -> bytes:
        await self.waits(request, context)
        await asyncio.Event().wait()
        return b""

    async def generates(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        yield await self.waits(request, context)

    async def joins(self, requests: AsyncIterator[bytes], context: Any) -> bytes:
        await self.waits(b"", context)
        return b"".join([request async for request in requests])

    async def takes_one(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        await self.waits(b"", context)
        async for request in requests:
            yield request
            break

    @property
    def methods(self) -> dict[str, Any]:
        return {
            "AtOnce": unary(self.at_once),
            "Waits": unary(self.waits),
            "Fails": unary(self.fails),
            "Large": unary(self.large),
            "ForEver": unary(self.for_ever),
            "Generates": unary_stream(self.generates),
            "Joins": stream_unary(self.joins),
            "TakesOne": stream_stream(self.takes_one),
        }


async def finish(client: Client, method: str) -> None:
    """Make a call in one of many ways, and see its end."""
    timeout = "1m" if method == "ForEver" else "10S"
    stream = client.start(method, timeout=timeout)
    client.send(frames.data(stream, frames.message(b"hello"), END_STREAM))
    client.send(frames.window_update(0, 100_100), frames.window_update(stream, 100_100))
    await client.answer(stream)


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("method", Traces().methods)
async def test_a_call_that_is_over_is_gone_without_the_collector(method: str) -> None:
    """What keeps itself alive stays until the collector comes: megabytes of requests, say."""
    traces = Traces()
    async with serving(traces.methods) as at, connected(at.port) as client:
        for _ in range(3):
            await finish(client, method)
        await until(lambda: at.meters.running == 0)
        await client.round_trip()
        assert list(traces.alive) == []


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("method", ["ForEver", "Generates", "Joins"])
@pytest.mark.parametrize("how", ["reset", "lost"])
async def test_a_call_that_was_cancelled_is_gone_without_the_collector(
    method: str, how: str
) -> None:
    traces = Traces()
    async with serving(traces.methods) as at, connected(at.port) as client:
        stream = client.start(method)
        complete = END_STREAM if method != "Joins" else 0
        client.send(frames.data(stream, frames.message(b"hello"), complete))
        await until(lambda: at.meters.calls == 1)
        if how == "reset":
            client.send(frames.rst_stream(stream))
            await client.round_trip()
        else:
            client.abort()
            await until(lambda: at.meters.connections == 0)
        await until(lambda: at.meters.running == 0)
        await asyncio.sleep(0)
        assert list(traces.alive) == []


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("method", ["Waits", "Joins"])
async def test_a_request_that_was_given_up_is_gone_without_the_collector(method: str) -> None:
    """With what had come of it."""
    part = frames.message(bytes(16_000), size=1_000_000)
    async with serving(Traces().methods) as at, connected(at.port) as client:
        for number in range(12):
            if number == 2:
                tracemalloc.start()
                before = tracemalloc.get_traced_memory()[0]
            stream = client.start(method)
            client.send(frames.data(stream, part))
            await client.round_trip()
            assert at.meters.held_bytes > 16_000
            client.send(frames.rst_stream(stream))
            await client.round_trip()
            await until(lambda: at.meters.running == 0)
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        assert grown < 50_000


async def open_and_close(at: Running, count: int) -> None:
    for _ in range(count):
        async with connected(at.port) as client:
            await client.answer(client.call())
    await until(lambda: at.meters.connections == 0)


async def test_connections_that_were_closed_leave_nothing_behind() -> None:
    async with serving() as at:
        time = at.time()
        gone: list[weakref.ref[Any]] = []
        for _ in range(10):
            async with connected(at.port) as client:
                await client.answer(client.call())
                gone.append(weakref.ref(at.protocol))
                time.look()
            await until(lambda: at.meters.connections == 0)
        time.pass_(2)
        gc.collect()
        assert [protocol() for protocol in gone if protocol() is not None] == []


async def test_a_thousand_connections_later_no_more_memory_is_used() -> None:
    async with serving() as at:
        await open_and_close(at, 50)
        gc.collect()
        tracemalloc.start()
        try:
            await open_and_close(at, 50)
            gc.collect()
            before = tracemalloc.get_traced_memory()[0]
            await open_and_close(at, 1_000)
            gc.collect()
            grown = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
        assert grown < 100_000


async def test_a_connection_at_rest_takes_little() -> None:
    """Our own part of it: what the event loop and TLS take comes on top."""
    async with serving() as at:
        gc.collect()
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            protocols = []
            for _ in range(100):
                protocol = at.server._host.admit(asyncio.get_running_loop())
                assert protocol is not None
                protocol.data_received(frames.PREFACE + frames.settings())
                protocols.append(protocol)
            gc.collect()
            each = (tracemalloc.get_traced_memory()[0] - before) / len(protocols)
        finally:
            tracemalloc.stop()
        for protocol in protocols:
            protocol.connection_lost(None)
        assert each < 10_000
