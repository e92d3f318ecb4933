"""Bytes that come and go in pieces of any size."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from bench.attacks import frames
from bench.attacks.frames import END_STREAM
from tests.transport.serving.client import connected, request_block
from tests.transport.serving.servers import (
    echo,
    pieces,
    serving,
    stream_stream,
    unary,
)


async def test_a_client_may_send_and_read_a_byte_at_a_time() -> None:
    async def twice(requests: AsyncIterator[bytes], _context: Any) -> AsyncIterator[bytes]:
        async for request in requests:
            yield request * 2

    methods: dict[str, Any] = {"Echo": unary(echo), "Twice": stream_stream(twice)}
    async with serving(methods) as at, connected(at.port, greets=False) as client:
        block = client.next_stream()
        sent = [
            frames.PREFACE + frames.settings(),
            frames.headers(block, request_block("Twice")),
            frames.data(block, frames.message(b"one") + frames.message(b"two")),
            frames.headers(block + 2, request_block("Echo")),
            frames.data(block + 2, frames.message(b"three"), END_STREAM),
            frames.data(block, flags=END_STREAM),
        ]
        for byte in pieces(b"".join(sent), 1):
            client.send(byte)
            await asyncio.sleep(0)
        assert (await client.answer(block + 2)).messages == [b"three"]
        assert (await client.answer(block)).messages == [b"oneone", b"twotwo"]
