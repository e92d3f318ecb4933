"""What time does to connections: those that are idle, old, or have nobody at their other end."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from bench.attacks import frames
from bench.attacks.frames import ACK, LARGEST_WINDOW, ErrorCode, FrameType
from tests.transport.serving.client import connected, goaways
from tests.transport.serving.servers import (
    Pipe,
    echo,
    serving,
    turns,
    unary,
    until,
)


async def wait(_request: bytes, _context: Any) -> bytes:
    await asyncio.Event().wait()
    return b""


async def test_an_idle_connection_is_told_to_go_and_closed() -> None:
    async with serving(max_connection_idle=5.0) as at, connected(at.port) as client:
        await client.round_trip()
        time = at.time()
        time.pass_(5)
        await client.round_trip()
        assert goaways(client.seen) == []
        time.look()
        found = goaways(await client.until_closed())
        assert found == [(LARGEST_WINDOW, ErrorCode.NO_ERROR), (0, ErrorCode.NO_ERROR)]
        assert at.meters.idle_closed == 1


async def test_calls_keep_a_connection_from_being_idle() -> None:
    methods: dict[str, Any] = {"Wait": unary(wait), "Echo": unary(echo)}
    async with (
        serving(methods, max_connection_idle=5.0, keepalive_time=0.0) as at,
        connected(at.port) as client,
    ):
        time = at.time()
        for _ in range(4):
            time.pass_(3)
            await client.answer(client.call())
        running = client.call("Wait")
        await client.round_trip()
        time.pass_(100)
        await client.round_trip()
        assert goaways(client.seen) == []
        client.send(frames.rst_stream(running))
        await client.round_trip()
        time.pass_(6)
        assert len(goaways(await client.until_closed())) == 2
        assert at.meters.idle_closed == 1


async def test_an_old_connection_serves_what_is_on_its_way_and_is_closed() -> None:
    release = asyncio.Event()

    async def handler(request: bytes, _context: Any) -> bytes:
        await release.wait()
        return request

    async with (
        serving({"Echo": unary(handler)}, max_connection_age=10.0) as at,
        connected(at.port) as client,
    ):
        client.answers_pings = False
        time = at.time()
        before = client.call(message=b"before")
        await client.round_trip()
        while not at.meters.aged_closed:
            time.look()
        ping = await client.until(FrameType.PING)
        assert goaways(client.seen) == [(LARGEST_WINDOW, ErrorCode.NO_ERROR)]
        meanwhile = client.call(message=b"meanwhile")
        client.send(frames.ping(ping.payload, ACK))
        await client.until(FrameType.GOAWAY)
        late = client.call(message=b"late")
        await turns(5)
        release.set()
        assert (await client.answer(before)).messages == [b"before"]
        assert (await client.answer(meanwhile)).messages == [b"meanwhile"]
        await client.until_closed()
        assert late not in client.answers
        assert goaways(client.seen)[1:] == [(meanwhile, ErrorCode.NO_ERROR)]


async def test_an_old_connection_whose_calls_go_on_is_closed_after_its_grace() -> None:
    limits: dict[str, Any] = {
        "max_connection_age": 10.0,
        "max_connection_age_grace": 20.0,
        "keepalive_time": 0.0,
    }
    async with serving({"Wait": unary(wait)}, **limits) as at, connected(at.port) as client:
        time = at.time()
        client.call("Wait")
        await client.round_trip()
        while not at.meters.aged_closed:
            time.look()
        await client.round_trip()
        time.pass_(19)
        await client.round_trip()
        assert at.meters.running == 1
        time.pass_(2)
        await client.until_closed()
        await until(lambda: at.meters.running == 0)
        assert at.meters.calls_cancelled == 1


async def test_a_grace_of_no_seconds_has_no_end() -> None:
    limits: dict[str, Any] = {
        "max_connection_age": 10.0,
        "max_connection_age_grace": 0.0,
        "keepalive_time": 0.0,
    }
    async with serving({"Wait": unary(wait)}, **limits) as at, connected(at.port) as client:
        time = at.time()
        client.call("Wait")
        await client.round_trip()
        time.pass_(1_000)
        await client.round_trip()
        assert at.meters.running == 1


async def test_connections_of_one_age_do_not_all_end_at_once() -> None:
    async with (
        serving(max_connection_age=100.0, keepalive_time=0.0) as at,
        AsyncExitStack() as stack,
    ):
        for _ in range(20):
            await (await stack.enter_async_context(connected(at.port))).round_trip()
        time = at.time()
        time.pass_(88)
        assert at.meters.aged_closed == 0
        time.pass_(11)
        assert 0 < at.meters.aged_closed < 20
        time.pass_(13)
        assert at.meters.aged_closed == 20


async def test_a_silent_client_is_pinged_and_given_up() -> None:
    async with (
        serving(keepalive_time=10.0, keepalive_timeout=4.0) as at,
        connected(at.port) as client,
    ):
        client.answers_pings = False
        await client.round_trip()
        time = at.time()
        time.pass_(10)
        assert at.protocol.connection.outbox.frames == []
        time.look()
        await client.until(FrameType.PING)
        time.pass_(3)
        assert at.meters.keepalive_timed_out == 0
        time.look()
        await client.until_closed()
        assert at.meters.keepalive_timed_out == 1


async def test_a_client_that_answers_pings_stays() -> None:
    async with (
        serving(keepalive_time=10.0, keepalive_timeout=4.0) as at,
        connected(at.port) as client,
    ):
        await client.round_trip()
        time = at.time()
        for _ in range(5):
            time.pass_(11)
            await client.until(FrameType.PING)
            await asyncio.sleep(0.002)  # uvloop's clock has milliseconds
            await client.round_trip()
        assert (await client.answer(client.call())).messages == [b"hello"]
        assert at.meters.keepalive_timed_out == 0


async def test_a_process_that_stood_still_finds_its_connections_as_it_left_them() -> None:
    async with (
        serving(max_connection_idle=60.0, keepalive_time=10.0, keepalive_timeout=4.0) as at,
        connected(at.port) as client,
    ):
        client.answers_pings = False
        await client.round_trip()
        time = at.time()
        time.pass_(11)
        await client.until(FrameType.PING)
        time.stand_still(3600)
        time.look()
        await client.round_trip()
        assert at.meters.keepalive_timed_out == at.meters.idle_closed == 0


async def test_a_client_that_sends_anything_is_not_pinged() -> None:
    async with (
        serving(keepalive_time=10.0, keepalive_timeout=4.0) as at,
        connected(at.port) as client,
    ):
        await client.round_trip()
        time = at.time()
        for _ in range(5):
            time.pass_(8)
            await asyncio.sleep(0.002)  # uvloop's clock has milliseconds
            client.send(frames.window_update(0, 1))
            await client.round_trip()
        assert not [f for f in client.seen if f.kind == FrameType.PING and not f.flags & ACK]


async def test_looking_at_many_connections_takes_little_of_each_turn() -> None:
    """A second brings no pause for those who call, however many there are."""
    async with serving(handshake_timeout=0.5) as at:
        loop = asyncio.get_running_loop()
        sweep = at.server._sweep
        assert sweep is not None
        pipes = [Pipe() for _ in range(950)]
        for pipe in pipes:
            protocol = at.server._host.admit(loop)
            assert protocol is not None
            protocol.connection_made(pipe)
        at.time().look()
        # As if a second had passed since.
        sweep._last -= 2.0
        sweep.start()
        most = ended = at.meters.handshakes_timed_out
        while ended < len(pipes):
            await asyncio.sleep(0)
            most = max(most, at.meters.handshakes_timed_out - ended)
            ended = at.meters.handshakes_timed_out
        assert 0 < most <= 100
        assert all(pipe.is_aborted for pipe in pipes)
        for protocol in list(at.protocols):
            protocol.connection_lost(None)
