"""The end of a server, and of connections that are old: no call is lost that can be finished."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from bench.attacks import frames
from bench.attacks.frames import ACK, LARGEST_WINDOW, ErrorCode, FrameType
from tests.transport.serving.client import connected, goaways
from tests.transport.serving.servers import (
    SECONDS,
    path,
    serving,
    turns,
    unary,
    unary_stream,
    until,
)

GRACE = 20.0


class Gate:
    """A handler that answers once it is let go, or never."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.methods = {"Wait": unary(self.wait), "Echo": unary(self.echo)}

    async def wait(self, request: bytes, _context: Any) -> bytes:
        await self.open.wait()
        return request

    async def echo(self, request: bytes, _context: Any) -> bytes:
        return request


async def test_calls_in_flight_finish_and_their_client_is_told_to_go() -> None:
    gate = Gate()
    async with serving(gate.methods) as at, connected(at.port) as client:
        stream = client.call("Wait")
        await client.round_trip()
        stopping = asyncio.create_task(at.server.stop(GRACE))
        await client.until(FrameType.GOAWAY)
        await client.until(FrameType.GOAWAY)
        assert not stopping.done()
        gate.open.set()
        assert (await client.answer(stream)).messages == [b"hello"]
        await client.until_closed()
        await stopping
        assert goaways(client.seen) == [
            (LARGEST_WINDOW, ErrorCode.NO_ERROR),
            (stream, ErrorCode.NO_ERROR),
        ]


async def test_streams_that_are_on_their_way_are_served() -> None:
    gate = Gate()
    async with serving(gate.methods) as at, connected(at.port) as client:
        client.answers_pings = False
        client.call("Wait")
        await client.round_trip()
        stopping = asyncio.create_task(at.server.stop(GRACE))
        ping = await client.until(FrameType.PING)
        assert len(goaways(client.seen)) == 1
        for _ in range(3):
            later = client.call("Echo")
            assert (await client.answer(later)).messages == [b"hello"]
        client.send(frames.ping(ping.payload, ACK))
        await client.until(FrameType.GOAWAY)
        assert goaways(client.seen)[1] == (later, ErrorCode.NO_ERROR)
        ignored = client.call("Echo")
        await client.round_trip()
        assert ignored not in client.answers
        gate.open.set()
        await client.until_closed()
        await stopping


async def test_new_connections_are_refused() -> None:
    gate = Gate()
    async with serving(gate.methods) as at, connected(at.port) as client:
        client.call("Wait")
        await client.round_trip()
        stopping = asyncio.create_task(at.server.stop(GRACE))
        await client.until(FrameType.GOAWAY)
        with pytest.raises(ConnectionRefusedError):
            async with connected(at.port):
                pass
        gate.open.set()
        await client.until_closed()
        await stopping


async def test_a_connection_that_came_in_the_last_moment_does_not_outlive_the_server() -> None:
    async with serving() as at:
        client_context = connected(at.port)
        connecting = asyncio.create_task(client_context.__aenter__())
        await until(lambda: at.meters.connections_opened == 1)
        await at.server.stop(GRACE)
        client = await connecting
        await client.until_closed()
        assert at.meters.connections == 0
        await client_context.__aexit__(None, None, None)


async def test_idle_connections_are_closed_at_once() -> None:
    """Without waiting for any limit: the test would take its grace otherwise."""
    async with serving() as at, connected(at.port) as client, connected(at.port) as silent:
        for each in (client, silent):
            await each.round_trip()
        stopping = asyncio.create_task(at.server.stop(10_000.0))
        await client.until_closed()
        # This one does not answer the ping: it is told so after a while.
        await stopping
        assert len(goaways(client.seen)) == 2


async def test_a_server_without_connections_stops_at_once() -> None:
    async with serving() as at:
        await at.server.stop(10_000.0)


async def test_stopping_without_grace_cancels_what_runs() -> None:
    gate = Gate()
    async with serving(gate.methods) as at, connected(at.port) as client:
        client.call("Wait")
        await client.round_trip()
        await at.server.stop(0.0)
        await until(lambda: at.meters.running == 0)
        assert at.meters.calls_cancelled == 1


async def test_a_second_stop_cuts_the_first_one_short() -> None:
    gate = Gate()
    async with serving(gate.methods) as at, connected(at.port) as client:
        client.call("Wait")
        await client.round_trip()
        first = asyncio.create_task(at.server.stop(10_000.0))
        await client.until(FrameType.GOAWAY)
        await at.server.stop(0.0)
        await first
        await until(lambda: at.meters.running == 0)


async def test_stopping_twice_is_as_good_as_once() -> None:
    async with serving() as at, connected(at.port) as client:
        await client.answer(client.call())
        await at.server.stop(GRACE)
        await at.server.stop(GRACE)


async def test_clients_that_neither_read_nor_answer_do_not_hold_up_the_end() -> None:
    async def endless(_request: bytes, _context: Any) -> AsyncIterator[bytes]:
        while True:
            yield bytes(10_000)

    methods: dict[str, Any] = {"List": unary_stream(endless), **Gate().methods}
    async with (
        serving(methods) as at,
        connected(at.port, window=LARGEST_WINDOW, receive_buffer=4_096) as deaf,
        connected(at.port) as mute,
        connected(at.port, greets=False),
    ):
        mute.answers_pings = False
        mute.call("Wait")
        await mute.round_trip()
        deaf.call("List")
        await until(lambda: any(p.connection.outbox.congested for p in at.protocols))
        at.time()  # from here on no sweep ends anything
        await at.server.stop(0.01)
        await until(lambda: at.meters.running == 0)
        assert at.meters.connections == 0


async def test_a_client_that_waits_for_a_window_gets_its_answer_before_the_end() -> None:
    async def get(_request: bytes, _context: Any) -> bytes:
        return bytes(300_000)

    async with serving({"Get": unary(get)}) as at, connected(at.port) as client:
        stream = client.call("Get")
        await client.round_trip()
        stopping = asyncio.create_task(at.server.stop(GRACE))
        await client.until(FrameType.GOAWAY)
        client.send(frames.window_update(0, 300_000), frames.window_update(stream, 300_000))
        answer = await client.answer(stream)
        assert (answer.status, len(answer.messages[0])) == (0, 300_000)
        await stopping


@pytest.mark.parametrize("calls_at_once", [1, 20])
async def test_connections_that_grow_old_fail_no_call(calls_at_once: int) -> None:
    """Of a client that calls all the time, across many ages."""
    connections = 10

    async def handler(request: bytes, _context: Any) -> bytes:
        if request == b"wait":
            await asyncio.sleep(0.001)
        return request

    async with (
        serving({"Echo": unary(handler)}, max_connection_age=3.0, keepalive_time=0.0) as at,
        at.channel() as channel,
    ):
        echo = channel.unary_unary(path("Echo"))
        time = at.time()
        errors: list[grpc.RpcError] = []
        done: list[int] = []

        async def call_on_and_on() -> None:
            while at.meters.aged_closed < connections:
                try:
                    await echo(b"wait" if len(done) % 2 else b"", timeout=SECONDS)
                    done.append(1)
                except grpc.RpcError as error:
                    errors.append(error)

        calling = [asyncio.create_task(call_on_and_on()) for _ in range(calls_at_once)]
        while at.meters.aged_closed < connections:
            before = len(done) + len(errors)
            await until(lambda before=before: len(done) + len(errors) >= before + 20)  # type: ignore[misc]
            time.look()
        await asyncio.gather(*calling)
        assert errors == []
        assert at.meters.connections_opened >= connections


async def test_a_server_that_stops_fails_no_call_that_has_begun() -> None:
    """What the server did not begin is refused in a way that gRPC's client tries elsewhere."""
    gate = Gate()
    async with serving(gate.methods) as at, at.channel() as channel:
        wait = channel.unary_unary(path("Wait"))
        calls = [asyncio.ensure_future(wait(b"x", timeout=SECONDS)) for _ in range(100)]
        await until(lambda: at.meters.running == 100)
        stopping = asyncio.create_task(at.server.stop(GRACE))
        await turns(20)
        gate.open.set()
        assert await asyncio.gather(*calls) == [b"x"] * 100
        await stopping


async def test_a_handler_that_outlives_its_connection_does_not_hold_up_the_end() -> None:
    release, ended = asyncio.Event(), asyncio.Event()

    async def stubborn(_request: bytes, _context: Any) -> bytes:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await release.wait()
        ended.set()
        return b""

    async with serving({"Echo": unary(stubborn)}) as at, connected(at.port) as client:
        client.call()
        await client.round_trip()
        await at.server.stop(0.0)
        assert at.meters.running == 1
        release.set()
        await ended.wait()
        await turns(2)
        assert at.meters.running == 0
