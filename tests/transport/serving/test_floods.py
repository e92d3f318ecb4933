"""Clients that send much which brings nothing."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bench.attacks import frames
from bench.attacks.frames import ACK, ErrorCode, FrameType
from tests.transport.serving.client import Closed, connected, goaways
from tests.transport.serving.servers import (
    echo,
    serving,
    stream_stream,
    unary,
    until,
)


async def wait(_request: bytes, _context: Any) -> bytes:
    await asyncio.Event().wait()
    return b""


@pytest.mark.parametrize(
    "frame",
    [
        frames.ping(),
        frames.settings(),
        frames.frame(FrameType.SETTINGS, flags=ACK),
        frames.priority(1, 3),
        frames.window_update(0, 1),
        frames.rst_stream(1),
        frames.frame(0x77),
    ],
    ids=["ping", "settings", "settings ack", "priority", "window update", "reset", "unknown"],
)
async def test_a_flood_of_frames_that_bring_nothing_ends_the_connection(frame: bytes) -> None:
    async with serving(abuse_allowance=100) as at, connected(at.port) as client:
        await client.answer(client.call())
        client.send(frame * 200)
        found = goaways(await client.until_closed())
        assert found[-1][1] == ErrorCode.ENHANCE_YOUR_CALM
        assert at.meters.floods == 1


async def test_a_client_that_resets_what_it_opens_starts_a_bounded_number_of_handlers() -> None:
    begun: list[int] = []

    async def handler(_requests: Any, _context: Any) -> AsyncIterator[bytes]:
        begun.append(1)
        await asyncio.Event().wait()
        yield b""

    async with (
        serving({"List": stream_stream(handler)}, abuse_allowance=50) as at,
        connected(at.port) as client,
    ):
        most = 0
        try:
            for _ in range(500):
                client.send(frames.rst_stream(client.start("List")))
                await client.round_trip()
                most = max(most, at.meters.running)
        except Closed:
            pass
        assert at.meters.floods == 1
        assert at.meters.calls <= 51
        assert most <= 2
        await until(lambda: at.meters.running == 0)


async def test_calls_earn_resets() -> None:
    """Who cancels often, but lets some calls come to their end, is welcome."""
    async with (
        serving({"Wait": unary(wait), "Echo": unary(echo)}, abuse_allowance=50) as at,
        connected(at.port) as client,
    ):
        for _ in range(50):
            for _ in range(5):
                client.send(frames.rst_stream(client.call("Wait")))
            await client.answer(client.call("Echo"))
        assert at.meters.floods == 0
        assert at.meters.calls_cancelled == 250
