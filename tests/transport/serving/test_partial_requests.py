"""Requests that do not come to their end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from bench.attacks import frames
from bench.attacks.frames import END_STREAM
from tests.transport.serving.body_methods import METHODS, join
from tests.transport.serving.client import connected
from tests.transport.serving.servers import (
    serving,
    stream_unary,
)

DEADLINE_EXCEEDED = 4


async def test_a_thousand_partial_messages_are_bounded_and_ended_in_time() -> None:
    """However little of each has come."""
    async with (
        serving(METHODS, max_concurrent_streams=1_000, request_timeout=10.0) as at,
        connected(at.port) as client,
    ):
        time = at.time()
        for number in range(1_000):
            stream = client.start(list(METHODS)[number % 3])
            client.send(frames.data(stream, frames.message(bytes(99), size=1_000)))
        await client.round_trip()
        assert len(at.protocol.connection.streams) == 1_000
        assert 100_000 <= at.meters.held_bytes <= 200_000
        time.pass_(10)
        assert at.meters.requests_timed_out == 0
        time.look()
        assert at.meters.requests_timed_out == 1_000
        assert at.meters.held_bytes == 0
        answer = await client.answer(1)
        assert answer.status == DEADLINE_EXCEEDED
        await client.round_trip()
        assert at.protocol.connection.streams == {}
        assert (await client.answer(client.call("Unary"))).messages == [b"hello"]


async def test_a_request_that_goes_on_coming_is_still_bounded_in_time() -> None:
    """A byte now and then does not buy another wait: a message is to be complete by then."""
    async with serving(METHODS, request_timeout=10.0) as at, connected(at.port) as client:
        time = at.time()
        streams = [client.start("Unary"), client.start("Join")]
        for stream in streams:
            client.send(frames.data(stream, frames.message(b"x", size=1_000)))
        for _ in range(12):
            for stream in streams:
                client.send(frames.data(stream, b"x"))
            await client.round_trip()
            time.look()
        for stream in streams:
            assert (await client.answer(stream)).status == DEADLINE_EXCEEDED
        assert at.meters.requests_timed_out == 2


async def test_a_stream_between_two_requests_may_pause_for_ever() -> None:
    async with (
        serving(METHODS, request_timeout=10.0, keepalive_time=0.0) as at,
        connected(at.port) as client,
    ):
        time = at.time()
        stream = client.start("Join")
        for _ in range(3):
            client.send(frames.data(stream, frames.message(b"abc")))
            await client.round_trip()
            time.pass_(100)
        client.send(frames.data(stream, flags=END_STREAM))
        assert (await client.answer(stream)).messages == [b"9"]


async def test_a_client_is_not_blamed_for_a_handler_that_does_not_read() -> None:
    """It may not send the rest of its message: its window is closed."""
    read = asyncio.Event()

    async def late(requests: AsyncIterator[bytes], context: Any) -> bytes:
        await read.wait()
        return await join(requests, context)

    async with (
        serving({"Join": stream_unary(late)}, request_timeout=10.0) as at,
        connected(at.port) as client,
    ):
        time = at.time()
        stream = client.start("Join")
        client.send_body(stream, frames.message(bytes(500_000)))
        client.send(frames.data(stream, frames.message(b"abc")[:-1]))
        await client.round_trip()
        time.pass_(15)
        assert at.meters.requests_timed_out == 0
        read.set()
        client.send(frames.data(stream, b"c", END_STREAM))
        assert (await client.answer(stream)).messages == [b"500003"]
