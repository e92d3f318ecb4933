"""Answers that wait for a window of the client's to open."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from bench.attacks import frames
from bench.attacks.frames import ErrorCode, Setting
from tests.transport.serving.client import connected
from tests.transport.serving.servers import (
    serving,
    unary,
    unary_stream,
    until,
)

CLOSED: dict[int, int] = {Setting.INITIAL_WINDOW_SIZE: 0}


async def test_answers_wait_for_windows_and_are_ended_when_they_do_not_open() -> None:
    async def get(request: bytes, _context: Any) -> bytes:
        return bytes(int(request))

    async with (
        serving({"Get": unary(get)}, stall_timeout=10.0, keepalive_time=0.0) as at,
        connected(at.port, settings=CLOSED) as client,
    ):
        time = at.time()
        streams = [client.call("Get", b"10000") for _ in range(20)]
        await client.round_trip()
        assert 200_000 <= at.meters.held_bytes <= 210_000
        time.pass_(10)
        assert at.meters.stalls == 0
        time.look()
        assert at.meters.stalls == 20
        assert at.meters.held_bytes == 0
        for stream in streams:
            assert (await client.answer(stream)).reset == ErrorCode.CANCEL
        # The connection is as good as ever: a call that needs no window is answered.
        assert (await client.answer(client.call("Get", b"-1"))).status is not None


async def test_a_handler_that_waits_for_a_window_is_cancelled_when_it_does_not_open() -> None:
    ended: list[str] = []

    async def endless(_request: bytes, _context: Any) -> AsyncIterator[bytes]:
        try:
            while True:
                yield bytes(10_000)
        finally:
            ended.append("ended")

    async with (
        serving({"List": unary_stream(endless)}, stall_timeout=10.0) as at,
        connected(at.port) as client,
    ):
        time = at.time()
        stream = client.call("List")
        await client.round_trip()
        assert 0 < at.meters.held_bytes <= 10_005
        time.pass_(11)
        assert (await client.answer(stream)).reset == ErrorCode.CANCEL
        await until(lambda: at.meters.running == 0)
        assert (ended, at.meters.stalls, at.meters.held_bytes) == (["ended"], 1, 0)


async def test_a_window_that_opens_slowly_lets_an_answer_through() -> None:
    async def get(_request: bytes, _context: Any) -> bytes:
        return bytes(1_000)

    async with (
        serving({"Get": unary(get)}, stall_timeout=10.0, keepalive_time=0.0) as at,
        connected(at.port, settings=CLOSED) as client,
    ):
        time = at.time()
        stream = client.call("Get")
        await client.round_trip()
        for _ in range(101):
            time.pass_(8)
            client.send(frames.window_update(stream, 10))
            await client.round_trip()
        answer = await client.answer(stream)
        assert answer.messages == [bytes(1_000)]
        assert (at.meters.stalls, at.meters.held_bytes) == (0, 0)


async def test_large_answers_that_were_taken_are_held_no_more() -> None:
    async def get(request: bytes, _context: Any) -> bytes:
        if request == b"wait":
            await asyncio.sleep(0)
        return bytes(300_000)

    limits: dict[str, Any] = {
        "max_held_bytes_per_connection": 1_000_000,
        "max_held_bytes": 2_000_000,
    }
    async with serving({"Get": unary(get)}, **limits) as at, connected(at.port) as client:
        for number in range(20):
            stream = client.call("Get", b"wait" if number % 2 else b"")
            while not client.answers[stream].ended:
                found = await client.frame()
                if size := len(found.payload) * (found.kind == frames.FrameType.DATA):
                    client.send(frames.window_update(0, size), frames.window_update(stream, size))
            assert client.answers[stream].status == 0
            assert at.meters.held_bytes == 0
        assert at.meters.held_bytes_ended == 0
