"""Messages and header lists over their limits."""

import gzip

import pytest

from bench.attacks import frames
from bench.attacks.frames import END_STREAM, ErrorCode
from tests.transport.serving.body_methods import METHODS
from tests.transport.serving.client import connected, goaways
from tests.transport.serving.servers import (
    serving,
)

RESOURCE_EXHAUSTED = 8


@pytest.mark.parametrize("method", METHODS)
async def test_a_message_of_the_largest_size_is_taken(method: str) -> None:
    async with serving(METHODS, max_message_bytes=50_000) as at, connected(at.port) as client:
        stream = client.start(method)
        client.send_body(stream, frames.message(bytes(50_000)), end=True)
        assert (await client.answer(stream)).status == 0
        assert at.meters.messages_too_large == 0


@pytest.mark.parametrize("method", METHODS)
async def test_a_message_that_is_announced_too_large_ends_its_call_at_once(method: str) -> None:
    async with serving(METHODS, max_message_bytes=50_000) as at, connected(at.port) as client:
        stream = client.start(method)
        client.send(frames.data(stream, frames.message(b"abc", size=50_001)))
        answer = await client.answer(stream)
        assert answer.status == RESOURCE_EXHAUSTED
        assert "a message of 50001 bytes; at most 50000 are taken" in answer.message
        assert at.meters.messages_too_large == 1
        assert at.meters.held_bytes == 0
        # The rest is on its way: it is neither an error nor kept.
        client.send_body(stream, bytes(30_000))
        assert (await client.answer(client.call("Unary"))).messages == [b"hello"]


async def test_a_small_unary_call_that_is_too_large_is_refused_like_any_other() -> None:
    async with serving(METHODS, max_message_bytes=10) as at, connected(at.port) as client:
        answer = await client.answer(client.call("Unary", b"eleven byte"))
        assert answer.status == RESOURCE_EXHAUSTED
        assert at.meters.messages_too_large == 1


@pytest.mark.parametrize("method", METHODS)
async def test_a_client_that_sends_nothing_but_messages_that_are_refused_is_thrown_out(
    method: str,
) -> None:
    async with (
        serving(METHODS, max_message_bytes=10, abuse_allowance=100) as at,
        connected(at.port) as client,
    ):
        for _ in range(100):
            stream = client.start(method)
            client.send(frames.data(stream, frames.message(b"eleven byte"), END_STREAM))
        found = goaways(await client.until_closed())
        assert found[-1][1] == ErrorCode.ENHANCE_YOUR_CALM
        assert at.meters.floods == 1
        assert 5 < at.meters.messages_too_large < 20


@pytest.mark.parametrize("method", METHODS)
async def test_a_gzip_bomb_ends_its_call(method: str) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    assert len(bomb) < 16_000
    async with (
        serving(METHODS, max_message_bytes=50_000, max_decompressed_bytes=50_000) as at,
        connected(at.port) as client,
    ):
        stream = client.start(method, grpc_encoding="gzip")
        client.send(frames.data(stream, frames.message(bomb, compressed=True), END_STREAM))
        answer = await client.answer(stream)
        assert answer.status == RESOURCE_EXHAUSTED
        assert "more than 50000 bytes" in answer.message
        assert at.meters.messages_too_large == 1


async def test_a_header_list_over_the_limit_ends_its_call() -> None:
    async with serving(max_header_list_bytes=1_000) as at, connected(at.port) as client:
        assert (await client.answer(client.call())).status == 0
        stream = client.start(x="y" * 900)
        client.send(frames.data(stream, frames.message(b""), END_STREAM))
        answer = await client.answer(stream)
        assert answer.status == RESOURCE_EXHAUSTED
        assert "larger than 1000 bytes" in answer.message
        assert at.meters.header_lists_too_large == 1
        assert (await client.answer(client.call())).messages == [b"hello"]
