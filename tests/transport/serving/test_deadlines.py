"""Deadlines: a handler is cancelled at its deadline, and the client is told."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from bench.attacks import frames
from bench.attacks.frames import END_STREAM
from tests.transport.serving.client import connected, request_block
from tests.transport.serving.servers import (
    SECONDS,
    path,
    serving,
    stream_stream,
    stream_unary,
    unary,
    unary_stream,
    until,
)

DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED = 4, 8


class Endless:
    """Handlers of every kind that wait for ever, and note how they end."""

    def __init__(self) -> None:
        self.ends: list[str] = []

    async def wait(self) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.ends.append("cancelled")
            raise

    async def answer(self, _request: Any, _context: Any) -> bytes:
        await self.wait()
        return b""

    async def generate(self, _request: Any, _context: Any) -> AsyncIterator[bytes]:
        yield b"one"
        await self.wait()

    @property
    def methods(self) -> dict[str, Any]:
        return {
            "unary_unary": unary(self.answer),
            "unary_stream": unary_stream(self.generate),
            "stream_unary": stream_unary(self.answer),
            "stream_stream": stream_stream(self.generate),
        }


@pytest.mark.parametrize("kind", Endless().methods)
async def test_a_handler_is_cancelled_at_its_deadline(kind: str) -> None:
    endless = Endless()
    async with serving(endless.methods) as at, connected(at.port) as client:
        answer = await client.answer(client.call(kind, timeout="5m"))
        assert (answer.status, answer.message) == (DEADLINE_EXCEEDED, "the deadline has passed")
        await until(lambda: at.meters.running == 0)
        assert endless.ends == ["cancelled"]
        assert (at.meters.calls, at.meters.calls_expired, at.meters.calls_cancelled) == (1, 1, 0)


async def test_grpcs_own_client_is_told_of_the_deadline() -> None:
    async with serving(Endless().methods) as at, at.channel() as channel:
        call = channel.unary_unary(path("unary_unary"))(b"", timeout=0.05)
        assert await call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        await until(lambda: at.meters.running == 0)
        assert at.meters.calls_expired + at.meters.calls_cancelled == 1


async def test_a_call_that_ends_in_time_leaves_no_timer() -> None:
    async def handler(request: bytes, _context: Any) -> bytes:
        await asyncio.sleep(0)
        return request

    async with serving({"Echo": unary(handler)}) as at, connected(at.port) as client:
        assert (await client.answer(client.call(timeout="5m"))).status == 0
        await asyncio.sleep(0.01)
        await client.round_trip()
        assert at.meters.calls_expired == 0


async def test_a_handler_that_answers_its_cancellation_is_too_late() -> None:
    """Its call is over: the client is told once, by the status of the deadline."""
    ended = asyncio.Event()

    async def handler(_request: bytes, context: Any) -> bytes:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            context.set_code(grpc.StatusCode.OK)
        ended.set()
        return b"too late"

    async with serving({"Echo": unary(handler)}) as at, connected(at.port) as client:
        stream = client.call(timeout="1m")
        answer = await client.answer(stream)
        await ended.wait()
        await client.round_trip()
        assert (answer.status, answer.messages) == (DEADLINE_EXCEEDED, [])
        assert sum(found.stream == stream for found in client.seen) == 1


async def test_a_stream_of_answers_ends_at_its_deadline_after_what_was_sent() -> None:
    async with serving(Endless().methods) as at, connected(at.port) as client:
        answer = await client.answer(client.call("unary_stream", timeout="5m"))
        assert (answer.status, answer.messages) == (DEADLINE_EXCEEDED, [b"one"])


async def test_a_stream_that_waits_for_a_window_is_reset_at_its_deadline() -> None:
    """A status cannot be sent before the message that it follows."""

    async def handler(_request: bytes, _context: Any) -> AsyncIterator[bytes]:
        yield bytes(100_000)

    async with serving({"List": unary_stream(handler)}) as at, connected(at.port) as client:
        answer = await client.answer(client.call("List", timeout="5m"))
        assert answer.reset == frames.ErrorCode.CANCEL
        await until(lambda: at.meters.running == 0)
        assert at.meters.held_bytes == 0


@pytest.mark.parametrize("kind", ["unary_unary", "unary_stream"])
async def test_a_deadline_that_passes_before_the_request_is_complete_starts_nothing(
    kind: str,
) -> None:
    message = frames.message(b"hello")
    async with serving(Endless().methods) as at, connected(at.port) as client:
        at.time()
        stream = client.start(kind, timeout="1m")
        client.send(frames.data(stream, message[:3]))
        await client.round_trip()
        await asyncio.sleep(0.003)
        client.send(frames.data(stream, message[3:], END_STREAM))
        answer = await client.answer(stream)
        assert answer.status == DEADLINE_EXCEEDED
        assert (at.meters.calls, at.meters.calls_expired) == (0, 1)


@pytest.mark.parametrize("kind", ["unary_unary", "unary_stream"])
async def test_a_request_that_does_not_come_to_its_end_is_ended_at_its_deadline(kind: str) -> None:
    async with serving(Endless().methods, request_timeout=1.0) as at, connected(at.port) as client:
        time = at.time()
        expired = client.start(kind, timeout="1m")
        waiting = client.start(kind, timeout="60S")
        for stream in (expired, waiting):
            client.send(frames.data(stream, frames.message(b"hello")[:-1]))
        await client.round_trip()
        await asyncio.sleep(0.003)
        time.pass_(10)
        assert (await client.answer(expired)).status == DEADLINE_EXCEEDED
        # Its own deadline counts, not the time that those without one have.
        assert at.meters.requests_timed_out == 0
        client.send(frames.rst_stream(waiting))
        await client.round_trip()
        assert (at.meters.calls, at.meters.calls_expired) == (0, 1)


async def test_requests_that_stream_may_pause_inside_a_message_until_the_deadline() -> None:
    """The time for requests without a deadline does not count for a call that has one."""
    methods = Endless().methods
    async with serving(methods, request_timeout=1.0) as at, connected(at.port) as client:
        time = at.time()
        for timeout in (None, "60S"):
            stream = client.start("stream_unary", timeout=timeout)
            client.send(frames.data(stream, frames.message(b"hello")[:-1]))
        await client.round_trip()
        time.pass_(10)
        answer = await client.answer(1)
        assert (answer.status, answer.message) == (
            DEADLINE_EXCEEDED,
            "the request did not arrive in time",
        )
        await client.round_trip()
        assert 3 in at.protocol.connection.streams
        assert at.meters.requests_timed_out == 1


@pytest.mark.parametrize("timeout", ["0n", "0S", "1n"])
async def test_a_deadline_of_no_time_at_all_ends_a_call_that_waits(timeout: str) -> None:
    endless = Endless()
    async with serving(endless.methods) as at, connected(at.port) as client:
        for kind in endless.methods:
            stream = client.next_stream()
            client.send(frames.headers(stream, request_block(kind, timeout)))
            client.send(frames.data(stream, frames.message(b""), END_STREAM))
            assert (await client.answer(stream)).status == DEADLINE_EXCEEDED
        assert at.meters.calls_expired == len(endless.methods)


async def test_expired_calls_leave_the_connection_usable() -> None:
    methods: dict[str, Any] = {**Endless().methods, "Echo": unary(echo)}
    async with serving(methods, max_concurrent_streams=4) as at, at.channel() as channel:
        for _ in range(20):
            call = channel.unary_unary(path("unary_unary"))(b"", timeout=0.005)
            assert await call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert await channel.unary_unary(path("Echo"))(b"x", timeout=SECONDS) == b"x"
        assert at.meters.connections == 1


async def echo(request: bytes, _context: Any) -> bytes:
    await asyncio.sleep(0)
    return request
