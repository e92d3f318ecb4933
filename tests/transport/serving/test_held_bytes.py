"""Bytes that calls keep waiting: no connection gets more than its share, nor all of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

from bench.attacks import frames
from bench.attacks.frames import END_STREAM, ErrorCode
from tests.transport.serving.body_methods import METHODS
from tests.transport.serving.client import Client, connected
from tests.transport.serving.servers import (
    pieces,
    serving,
    stream_stream,
    stream_unary,
    unary_stream,
    until,
)

RESOURCE_EXHAUSTED = 8


async def test_what_a_connection_holds_is_bounded() -> None:
    limits: dict[str, Any] = {
        "max_held_bytes_per_connection": 1_000_000,
        "max_held_bytes": 10_000_000,
    }
    async with serving(METHODS, **limits) as at, connected(at.port) as client:
        streams = [client.start("Unary") for _ in range(50)]
        for stream in streams:
            client.send_body(stream, frames.message(bytes(60_000), size=100_000))
        await client.round_trip()
        assert 900_000 < at.meters.held_bytes <= 1_000_000
        assert at.meters.held_bytes_ended > 30
        ended = [stream for stream in streams if client.answers[stream].ended]
        assert len(ended) == at.meters.held_bytes_ended
        assert {client.answers[stream].status for stream in ended} == {RESOURCE_EXHAUSTED}


async def hoard(client: Client, count: int, size: int = 50_000) -> None:
    """Hold so many bytes in each of so many requests."""
    for _ in range(count):
        stream = client.start("Unary")
        client.send_body(stream, frames.message(bytes(size), size=size + 1))
        await client.round_trip()


async def test_one_client_cannot_use_up_what_all_may_hold() -> None:
    """The oldest goes first, and those who hoard are older than those who do not."""
    large = bytes(300_000)
    limits: dict[str, Any] = {
        "max_held_bytes_per_connection": 1_000_000,
        "max_held_bytes": 2_000_000,
        "max_message_bytes": 1_000_000,
    }
    async with (
        serving(METHODS, **limits) as at,
        AsyncExitStack() as stack,
        connected(at.port) as client,
    ):
        attackers = [await stack.enter_async_context(connected(at.port)) for _ in range(4)]
        for attacker in attackers:
            await hoard(attacker, 15)
        assert 1_900_000 < at.meters.held_bytes <= 2_000_000
        for _ in range(5):
            # An upload, and a download through a window that opens bit by bit.
            stream = client.start("Unary")
            client.send(frames.window_update(0, len(large)))
            for piece in pieces(frames.message(large), 10_000):
                client.send(frames.data(stream, piece))
                await client.round_trip()
            await hoard(attackers[0], 1)
            client.send(frames.data(stream, flags=END_STREAM))
            for _ in range(24):
                await client.round_trip()
                client.send(frames.window_update(stream, 10_000))
            answer = await client.answer(stream)
            assert answer.messages == [large]
            assert at.meters.held_bytes <= 2_000_000
        assert at.meters.held_bytes_ended > 20


async def test_a_call_that_holds_nothing_is_not_ended_for_its_age() -> None:
    """A stream that is open for long is older than those who hoard, but not what it holds."""
    limits: dict[str, Any] = {
        "max_held_bytes_per_connection": 800_000,
        "max_held_bytes": 1_000_000,
    }
    async with (
        serving({**METHODS, "Each": stream_stream(_echo_each)}, **limits) as at,
        connected(at.port) as client,
        connected(at.port) as attacker,
        connected(at.port) as another,
    ):
        stream = client.start("Each")
        for _ in range(3):
            client.send(frames.data(stream, frames.message(b"abc")))
        await client.round_trip()
        for hoarding in (attacker, another):
            await hoard(hoarding, 15)
        assert at.meters.held_bytes_ended > 8
        client.send(frames.data(stream, frames.message(b"def"), END_STREAM))
        answer = await client.answer(stream)
        assert (answer.status, answer.messages) == (0, [b"abc", b"abc", b"abc", b"def"])


async def test_what_is_read_and_written_counts_together() -> None:
    """A handler that both reads and writes holds what both keep waiting."""
    begun = asyncio.Event()

    async def both(_requests: Any, context: Any) -> None:
        begun.set()
        await context.write(bytes(200_000))

    async with serving({"Both": stream_stream(both)}) as at, connected(at.port) as client:
        stream = client.start("Both")
        await begun.wait()
        await client.round_trip()
        unsent = at.meters.held_bytes
        assert unsent > 100_000
        client.send_body(stream, frames.message(bytes(50_000)))
        await client.round_trip()
        assert at.meters.held_bytes >= unsent + 50_000


async def test_a_call_that_is_ended_for_what_it_holds_while_it_writes_ends_once() -> None:
    async def endless(_request: bytes, _context: Any) -> AsyncIterator[bytes]:
        while True:
            yield bytes(200_000)

    limits: dict[str, Any] = {"max_held_bytes_per_connection": 100_000, "max_held_bytes": 1_000_000}
    async with (
        serving({"List": unary_stream(endless)}, **limits) as at,
        connected(at.port) as client,
    ):
        stream = client.call("List")
        answer = await client.answer(stream)
        assert answer.reset == ErrorCode.CANCEL
        await until(lambda: at.meters.running == 0)
        assert at.meters.held_bytes_ended == 1
        assert at.protocol.connection.lingering == 0


async def test_a_task_of_a_handler_that_writes_too_much_is_not_left_behind() -> None:
    """The call is ended for what it writes, and the task that the handler does not wait for."""
    ended = asyncio.Event()

    async def write(context: Any) -> None:
        try:
            await context.write(bytes(200_000))
        except asyncio.CancelledError:
            ended.set()

    async def handler(_requests: Any, context: Any) -> None:
        task = asyncio.create_task(write(context))
        try:
            await asyncio.Event().wait()
        finally:
            await task

    limits: dict[str, Any] = {"max_held_bytes_per_connection": 100_000}
    async with (
        serving({"Both": stream_stream(handler)}, **limits) as at,
        connected(at.port) as client,
    ):
        client.start("Both")
        async with asyncio.timeout(5):
            await ended.wait()
        await until(lambda: at.meters.running == 0)
        assert at.meters.held_bytes_ended == 1


async def test_what_an_ended_call_has_read_does_not_stay_with_its_handler() -> None:
    """Not even if the handler ignores its cancellation."""
    release = asyncio.Event()

    async def stubborn(_requests: Any, _context: Any) -> bytes:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await release.wait()
        return b""

    async with serving({"Join": stream_unary(stubborn)}) as at, connected(at.port) as client:
        stream = client.start("Join")
        client.send_body(stream, frames.message(bytes(200_000)))
        await client.round_trip()
        call: Any = at.protocol.connection.streams[stream].receiver
        client.send(frames.rst_stream(stream))
        await client.round_trip()
        assert at.meters.running == 1
        assert call._body.held_bytes == 0
        assert not call._body.messages
        release.set()


async def _echo_each(requests: AsyncIterator[bytes], _context: Any) -> AsyncIterator[bytes]:
    async for request in requests:
        yield request
