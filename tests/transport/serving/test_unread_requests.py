"""Requests that no handler reads: what waits for it is bounded, however small the messages."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bench.attacks import frames
from bench.attacks.frames import END_STREAM, LARGEST_WINDOW, Setting
from tests.transport.serving.client import Client, connected
from tests.transport.serving.servers import (
    echo,
    serving,
    stream_unary,
    unary,
    unary_stream,
    until,
)


async def join(requests: AsyncIterator[bytes], _context: Any) -> bytes:
    return b"%d" % sum([len(request) async for request in requests])


class Unread:
    """A handler that reads nothing until it is told to."""

    def __init__(self) -> None:
        self.may_read = asyncio.Event()
        self.method = {"Join": stream_unary(self.handle)}

    async def handle(self, requests: AsyncIterator[bytes], context: Any) -> bytes:
        await self.may_read.wait()
        return await join(requests, context)


def granted(client: Client, stream: int) -> int:
    """Return what the server has let a stream send on."""
    updates = (f for f in client.seen if f.kind == frames.FrameType.WINDOW_UPDATE)
    return sum(int.from_bytes(f.payload, "big") for f in updates if f.stream == stream)


async def test_what_a_handler_does_not_read_is_bounded_by_its_streams_window() -> None:
    unread = Unread()
    window = 400_000
    async with serving(unread.method, stream_window=window) as at, connected(at.port) as client:
        stream = client.start("Join")
        client.send_body(stream, frames.message(bytes(99_995)) * 4)
        await client.round_trip()
        assert at.meters.held_bytes < 401_000
        before = granted(client, stream)
        assert before <= 300_000
        client.send_body(stream, frames.message(bytes(before - 5)) if before else b"")
        await client.round_trip()
        assert granted(client, stream) == before
        unread.may_read.set()
        await until(lambda: at.meters.held_bytes == 0)
        await client.round_trip()
        assert granted(client, stream) > before
        client.send(frames.data(stream, flags=END_STREAM))
        assert (await client.answer(stream)).status == 0


@pytest.mark.parametrize("size", [0, 1, 2])
async def test_tiny_messages_that_nobody_reads_count_with_what_they_take(size: int) -> None:
    """An empty message takes room too, however many of them fit into a window."""
    unread = Unread()
    async with serving(unread.method, abuse_allowance=10**6) as at, connected(at.port) as client:
        stream = client.start("Join")
        tiny = frames.message(bytes(size))
        batch = frames.data(stream, tiny * (16_000 // len(tiny)))
        window = client.server_settings.get(Setting.INITIAL_WINDOW_SIZE, 2**20)
        for _ in range(window // len(batch) - 1):
            client.send(batch)
        await client.round_trip()
        # The window was not given back: that was all that the client may send.
        assert granted(client, stream) == 0
        count = len(at.protocol.connection.streams[stream].receiver._body.messages)  # type: ignore[union-attr]
        assert count > 100_000
        assert at.meters.held_bytes >= 64 * count


async def test_a_stream_of_tiny_messages_lets_other_calls_run() -> None:
    """Its handler never waits, as the next message is always there."""
    read = 0

    async def count(requests: AsyncIterator[bytes], _context: Any) -> bytes:
        nonlocal read
        async for _ in requests:
            read += 1
        return b"%d" % read

    methods: dict[str, Any] = {"Count": stream_unary(count), "Echo": unary(echo)}
    async with serving(methods) as at, connected(at.port) as client:
        stream = client.start("Count")
        await client.round_trip()
        most = 0
        client.send(frames.data(stream, frames.message(b"") * 3_000) * 20)
        before = 0
        while before < 60_000:
            await asyncio.sleep(0)
            most = max(most, read - before)
            before = read
        assert most <= 300
        client.send(frames.data(stream, flags=END_STREAM))
        assert (await client.answer(stream)).messages == [b"60000"]


async def test_a_stream_of_tiny_answers_lets_other_calls_run() -> None:
    made: list[int] = []

    async def count(_request: bytes, _context: Any) -> AsyncIterator[bytes]:
        for _ in range(20_000):
            made.append(1)
            yield b""

    async with (
        serving({"Count": unary_stream(count)}) as at,
        connected(at.port, window=LARGEST_WINDOW) as client,
    ):
        stream = client.call("Count")
        most = before = 0
        while before < 20_000:
            await asyncio.sleep(0)
            most = max(most, len(made) - before)
            before = len(made)
        assert most <= 300
        assert len((await client.answer(stream)).messages) == 20_000
