"""Clients that do not read what they are sent, or slowly: what is kept for them is bounded."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from bench.attacks import frames
from pannier_server.transport.h2.http2 import errors
from tests.transport.serving.client import WIDE, connected
from tests.transport.serving.servers import (
    Pipe,
    Running,
    serving,
    turns,
    unary,
    unary_stream,
    until,
)


async def endless(_request: bytes, _context: Any) -> AsyncIterator[bytes]:
    while True:
        yield bytes(10_000)


async def congested(at: Running) -> None:
    await until(lambda: at.protocol.connection.outbox.congested)


async def test_a_client_that_does_not_read_is_not_read_from_and_costs_a_bounded_buffer() -> None:
    """However much its windows let the server send."""
    buffer = 100_000
    async with (
        serving({"List": unary_stream(endless)}, write_buffer_bytes=buffer) as at,
        connected(at.port, **WIDE) as client,
    ):
        client.call("List")
        await congested(at)
        calls = at.meters.calls
        client.call("List")
        client.send(*(frames.ping() for _ in range(100)))
        most = 0
        for _ in range(200):
            await asyncio.sleep(0)
            protocol = at.protocol
            waiting = sum(map(len, protocol.connection.outbox.frames))
            most = max(most, protocol.unwritten_bytes + waiting)
        assert at.meters.calls == calls
        # So much may be unread, so much may be written at once, and a message go beyond it.
        assert buffer <= most < 2 * buffer + 20_100
        assert at.meters.held_bytes < 20_100


async def test_handlers_that_end_at_once_do_not_fill_the_memory() -> None:
    release = asyncio.Event()

    async def handler(_request: bytes, _context: Any) -> bytes:
        await release.wait()
        return bytes(100_000)

    async with (
        serving({"Get": unary(handler)}, write_buffer_bytes=200_000) as at,
        connected(at.port, **WIDE) as client,
    ):
        # As soon as anything is left unread.
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(200):
            client.call("Get")
        await until(lambda: at.meters.running == 200)
        release.set()
        await until(lambda: at.meters.running == 0)
        assert at.protocol.unwritten_bytes < 600_000


async def test_a_client_that_reads_again_gets_everything_in_order() -> None:
    numbers = 2_000

    async def count(_request: bytes, _context: Any) -> AsyncIterator[bytes]:
        for number in range(numbers):
            yield number.to_bytes(4, "big") + bytes(4_000)

    async with (
        serving({"Count": unary_stream(count)}, write_buffer_bytes=50_000) as at,
        connected(at.port, **WIDE) as client,
    ):
        stream = client.call("Count")
        await congested(at)
        later = client.call("Count")
        for each in (stream, later):
            answer = await client.answer(each)
            found = [int.from_bytes(message[:4], "big") for message in answer.messages]
            assert found == list(range(numbers))
            assert answer.status == 0


async def test_a_client_that_does_not_read_for_long_is_closed() -> None:
    async with (
        serving({"List": unary_stream(endless)}, stall_timeout=5.0, keepalive_time=0.0) as at,
        connected(at.port, **WIDE) as client,
    ):
        client.call("List")
        await congested(at)
        time = at.time()
        time.pass_(5)
        assert at.meters.stalls == 0
        time.pass_(2)
        assert at.meters.stalls == 1
        await until(lambda: at.meters.connections == 0)
        await until(lambda: at.meters.running == 0)


async def test_a_client_that_reads_slowly_is_not_closed() -> None:
    """Not even while more is written in the same time than it reads."""
    async with serving(stall_timeout=5.0, keepalive_time=0.0) as at:
        time = at.time()
        pipe = Pipe()
        protocol = at.server._host.admit(asyncio.get_running_loop())
        assert protocol is not None
        protocol.connection_made(pipe)
        protocol.data_received(frames.PREFACE + frames.settings())
        await until(lambda: protocol.connection.ready)
        for _ in range(60):
            for _ in range(10):
                protocol.data_received(frames.ping())
            pipe.unread -= 100
            time.look()
            await asyncio.sleep(0)
        assert pipe.unread > 60 * 70
        assert at.meters.stalls == 0
        # Once it reads nothing it is closed, although it is written to still.
        for _ in range(6):
            assert not pipe.is_aborted
            protocol.data_received(frames.ping())
            time.look()
        assert pipe.is_aborted
        assert at.meters.stalls == 1
        protocol.connection_lost(None)


async def test_a_connection_that_was_ended_and_does_not_close_is_cut() -> None:
    """What was written to it before does not keep it, once it had time to leave."""
    async with (
        serving({"List": unary_stream(endless)}, stall_timeout=0.0, keepalive_time=0.0) as at,
        connected(at.port, **WIDE) as client,
    ):
        client.call("List")
        await congested(at)
        time = at.time()
        fault = errors.ConnectionFault(errors.ErrorCode.INTERNAL_ERROR, "for a test")
        at.protocol.connection.fail(fault)
        at.protocol.flush_soon()
        time.pass_(4)
        await turns(5)
        assert at.meters.connections == 1
        time.pass_(2)
        await until(lambda: at.meters.connections == 0)


async def test_the_grace_of_an_old_connection_leaves_time_for_its_last_bytes() -> None:
    limits: dict[str, Any] = {
        "max_connection_age": 10.0,
        "max_connection_age_grace": 30.0,
        "stall_timeout": 0.0,
    }
    async with (
        serving({"List": unary_stream(endless)}, keepalive_time=0.0, **limits) as at,
        connected(at.port, **WIDE) as client,
    ):
        client.call("List")
        await congested(at)
        time = at.time()
        while not at.protocol.connection.closed:
            time.look()
        time.pass_(3)
        await turns(5)
        assert at.meters.connections == 1
        time.pass_(3)
        await until(lambda: at.meters.connections == 0)
