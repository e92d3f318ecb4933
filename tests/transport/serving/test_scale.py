"""Many connections and many calls at once, each of which is served."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.transport.serving.client import connected
from tests.transport.serving.servers import serving, unary, until

CONNECTIONS = 1_000
CROWDED, STREAMS = 100, 100


@pytest.fixture(autouse=True)
def _many_files() -> Iterator[None]:
    """Let this process open what both ends of so many connections take."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS + 500
    if soft != resource.RLIM_INFINITY and soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            pytest.skip(f"a process may open {hard} files; {wanted} are needed (ulimit -n)")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_thousand_connections_make_a_call_each_at_the_same_time() -> None:
    everyone = asyncio.Event()

    async def handler(request: bytes, _context: Any) -> bytes:
        await everyone.wait()
        return request

    async with serving({"Echo": unary(handler)}) as at, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connected(at.port)) for _ in range(CONNECTIONS)]
        streams = [client.call(message=b"%d" % n) for n, client in enumerate(clients)]
        await until(lambda: at.meters.running == CONNECTIONS)
        assert at.meters.connections == CONNECTIONS
        everyone.set()
        for number, (client, stream) in enumerate(zip(clients, streams, strict=True)):
            assert (await client.answer(stream)).messages == [b"%d" % number]


async def test_ten_thousand_streams_are_open_at_the_same_time() -> None:
    everyone = asyncio.Event()

    async def handler(request: bytes, _context: Any) -> bytes:
        await everyone.wait()
        return request

    async with serving({"Echo": unary(handler)}) as at, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connected(at.port)) for _ in range(CROWDED)]
        calls = [
            (client, [client.call(message=b"%d" % n) for n in range(STREAMS)]) for client in clients
        ]
        await until(lambda: at.meters.running == CROWDED * STREAMS)
        everyone.set()
        for client, streams in calls:
            for number, stream in enumerate(streams):
                answer = await client.answer(stream)
                assert (answer.status, answer.messages) == (0, [b"%d" % number])
        assert at.meters.calls == CROWDED * STREAMS
        assert (at.meters.streams_refused, at.meters.calls_cancelled) == (0, 0)
