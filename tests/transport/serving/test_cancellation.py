"""Clients that cancel or go away: the work behind their calls stops, and is counted out."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from bench.attacks import frames
from bench.attacks.frames import END_STREAM, ErrorCode
from tests.transport.serving.client import Client, call, connected, request_block
from tests.transport.serving.servers import (
    Running,
    path,
    serving,
    stream_stream,
    stream_unary,
    turns,
    unary,
    unary_stream,
    until,
)

HELLO = frames.message(b"hello")
# Seconds in which a read is certainly handled as a whole, however busy the machine is.
ONE_TURN = 60.0


class Work:
    """Handlers that wait until they are cancelled, or longer where they are stubborn."""

    def __init__(self, *, stubborn: bool = False) -> None:
        self.begun = 0
        self.cancelled = 0
        self.may_end = asyncio.Event()
        self._stubborn = stubborn

    async def wait(self, _request: Any, _context: Any) -> bytes:
        self.begun += 1
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            if self._stubborn:
                await self.may_end.wait()
            raise
        return b""

    async def generate(self, request: Any, context: Any) -> AsyncIterator[bytes]:
        yield b"one"
        await self.wait(request, context)

    @property
    def methods(self) -> dict[str, Any]:
        return {
            "unary_unary": unary(self.wait),
            "unary_stream": unary_stream(self.generate),
            "stream_unary": stream_unary(self.wait),
            "stream_stream": stream_stream(self.generate),
        }


KINDS = ["unary_unary", "unary_stream", "stream_unary", "stream_stream"]


def start(client: Client, kind: str) -> int:
    """Start a call that is not complete where its kind lets the handler begin even so."""
    if kind.startswith("unary"):
        return client.call(kind)
    stream = client.start(kind)
    client.send(frames.data(stream, HELLO))
    return stream


def assert_nothing_runs(at: Running) -> None:
    assert at.meters.running == 0
    assert at.protocol.connection.lingering == 0
    assert at.protocol.connection.streams == {}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_reset_cancels_the_handler(kind: str) -> None:
    work = Work()
    async with serving(work.methods) as at, connected(at.port) as client:
        stream = start(client, kind)
        await until(lambda: work.begun == 1)
        client.send(frames.rst_stream(stream))
        await until(lambda: at.meters.calls_cancelled == 1 and at.meters.running == 0)
        await client.round_trip()
        assert work.cancelled == 1
        assert_nothing_runs(at)
        # What ended with the client's reset is not ended once more.
        assert not client.answers[stream].ended
        assert client.answers[stream].reset is None


@pytest.mark.parametrize("kind", KINDS)
async def test_a_reset_in_the_same_read_as_its_request_leaves_nothing_behind(kind: str) -> None:
    work = Work()
    async with (
        serving(work.methods, max_concurrent_streams=3, turn_seconds=ONE_TURN) as at,
        connected(at.port) as client,
    ):
        for _ in range(10):
            stream = client.next_stream()
            client.send(call(stream, kind), frames.rst_stream(stream))
            await client.round_trip()
            await until(lambda: at.meters.running == 0)
        assert work.cancelled == work.begun
        assert_nothing_runs(at)
        assert at.meters.streams_refused == 0


async def test_a_handler_that_waited_once_hears_of_a_reset_in_the_same_read() -> None:
    """It has begun: what it began is its own to undo."""
    work = Work()
    async with serving(work.methods, turn_seconds=ONE_TURN) as at, connected(at.port) as client:
        client.send(call(1, "unary_unary"), frames.rst_stream(1))
        await client.round_trip()
        await until(lambda: at.meters.running == 0)
        assert (work.begun, work.cancelled) == (1, 1)


async def test_a_stream_that_was_reset_at_once_never_begins() -> None:
    work = Work()
    async with serving(work.methods, turn_seconds=ONE_TURN) as at, connected(at.port) as client:
        client.send(frames.headers(1, request_block("stream_unary")), frames.rst_stream(1))
        await client.round_trip()
        await turns(3)
        assert (work.begun, at.meters.running) == (0, 0)


@pytest.mark.parametrize("kind", KINDS)
async def test_grpcs_own_client_cancels(kind: str) -> None:
    work = Work()
    async with serving(work.methods) as at, at.channel() as channel:
        method = getattr(channel, kind)(path(kind))
        call_ = method(b"") if kind.startswith("unary") else method()
        if kind.startswith("stream"):
            await call_.write(b"")
        await until(lambda: work.begun == 1)
        call_.cancel()
        await until(lambda: at.meters.running == 0)
        assert (work.cancelled, at.meters.calls_cancelled) == (1, 1)


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_a_lost_connection_cancels_all_its_calls_and_no_other(how: str) -> None:
    work = Work()
    async with (
        serving(work.methods) as at,
        connected(at.port) as client,
        connected(at.port) as other,
    ):
        for kind in KINDS * 5:
            start(client, kind)
        start(other, "unary_unary")
        await until(lambda: work.begun == 21)
        getattr(client, how)()
        await until(lambda: at.meters.running == 1)
        assert work.cancelled == at.meters.calls_cancelled == 20
        assert at.meters.connections == 1


async def test_a_connection_that_breaks_the_protocol_takes_its_calls_along() -> None:
    work = Work()
    async with serving(work.methods) as at, connected(at.port) as client:
        for kind in KINDS:
            start(client, kind)
        await until(lambda: work.begun == 4)
        client.send(frames.data(99, b"no such stream"))
        await client.until_closed()
        await until(lambda: at.meters.running == 0)
        assert work.cancelled == at.meters.calls_cancelled == 4


@pytest.mark.parametrize("kind", KINDS)
async def test_a_handler_counts_until_it_has_ended(kind: str) -> None:
    """Who resets its streams gets no more handlers than who waits for them."""
    work = Work(stubborn=True)
    async with serving(work.methods, max_concurrent_streams=3) as at, connected(at.port) as client:
        for number in range(3):
            stream = start(client, kind)
            await until(lambda number=number: work.begun == number + 1)  # type: ignore[misc]
            client.send(frames.rst_stream(stream))
            await client.round_trip()
        assert at.protocol.connection.streams == {}
        assert at.meters.running == work.cancelled == 3
        refused = await client.answer(start(client, kind))
        assert refused.reset == ErrorCode.REFUSED_STREAM
        assert (work.begun, at.meters.streams_refused) == (3, 1)
        work.may_end.set()
        await until(lambda: at.meters.running == 0)
        start(client, kind)
        await until(lambda: work.begun == 4)
        assert at.protocol.connection.lingering == 0


async def test_concurrent_calls_are_bounded_and_free_their_place_when_they_end() -> None:
    work = Work()
    async with serving(work.methods, max_concurrent_streams=5) as at, connected(at.port) as client:
        running = [start(client, KINDS[number % 4]) for number in range(5)]
        await until(lambda: work.begun == 5)
        await client.round_trip()
        assert client.server_settings[frames.Setting.MAX_CONCURRENT_STREAMS] == 5
        for _ in range(7):
            assert (await client.answer(start(client, "unary_unary"))).reset == (
                ErrorCode.REFUSED_STREAM
            )
        assert (work.begun, at.meters.streams_refused) == (5, 7)
        client.send(*(frames.rst_stream(stream) for stream in running))
        await until(lambda: at.meters.running == 0)
        for kind in KINDS:
            start(client, kind)
        await until(lambda: work.begun == 9)
        assert at.meters.streams_refused == 7


async def test_a_task_of_a_handler_that_reads_or_writes_ends_with_the_call() -> None:
    """Even one that the handler does not wait for."""
    ends: list[str] = []
    background: list[asyncio.Task[None]] = []
    begun = asyncio.Event()

    async def note(waiting: Any, name: str) -> None:
        try:
            await waiting
        except asyncio.CancelledError:
            ends.append(name)

    async def handler(_requests: Any, context: Any) -> None:
        background.append(asyncio.create_task(note(context.read(), "read")))
        background.append(asyncio.create_task(note(context.write(bytes(100_000)), "write")))
        begun.set()
        await asyncio.Event().wait()

    async with serving({"Both": stream_stream(handler)}) as at, connected(at.port) as client:
        stream = client.start("Both")
        await begun.wait()
        await client.round_trip()
        client.send(frames.rst_stream(stream))
        await until(lambda: len(ends) == 2)
        assert sorted(ends) == ["read", "write"]


async def test_a_handler_that_goes_on_after_its_cancellation_can_neither_read_nor_write() -> None:
    refused: list[str] = []

    async def handler(_requests: Any, context: Any) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            for attempt in (context.read, lambda: context.write(b"x")):
                try:
                    await attempt()
                except asyncio.CancelledError:
                    refused.append("refused")

    async with serving({"Both": stream_stream(handler)}) as at, connected(at.port) as client:
        stream = client.start("Both")
        client.send(frames.data(stream, HELLO))
        await client.round_trip()
        client.send(frames.rst_stream(stream))
        await until(lambda: at.meters.running == 0 and at.meters.calls_cancelled == 1)
        assert refused == ["refused", "refused"]


async def test_cleaning_up_after_a_cancellation_is_not_cancelled_again() -> None:
    cleaned = asyncio.Event()

    async def handler(_request: bytes, _context: Any) -> AsyncIterator[bytes]:
        try:
            yield bytes(100_000)
        finally:
            for _ in range(5):
                await asyncio.sleep(0)
            cleaned.set()

    async with serving({"List": unary_stream(handler)}) as at, connected(at.port) as client:
        stream = client.call("List")
        await client.round_trip()
        client.send(frames.rst_stream(stream))
        async with asyncio.timeout(5):
            await cleaned.wait()


async def test_a_generator_is_closed_when_its_client_goes_away() -> None:
    closed = asyncio.Event()

    async def handler(_request: bytes, _context: Any) -> AsyncIterator[bytes]:
        try:
            while True:
                yield bytes(10_000)
        finally:
            closed.set()

    async with serving({"List": unary_stream(handler)}) as at, at.channel() as channel:
        listing = channel.unary_stream(path("List"))(b"")
        await listing.read()
        listing.cancel()
        async with asyncio.timeout(5):
            await closed.wait()
        assert await listing.code() is grpc.StatusCode.CANCELLED


async def test_a_reset_of_a_call_that_was_answered_changes_nothing() -> None:
    async with serving() as at, connected(at.port) as client:
        for _ in range(10):
            stream = client.call()
            client.send(frames.rst_stream(stream))
            assert (await client.answer(stream)).messages == [b"hello"]
        assert at.meters.calls_cancelled == 0


async def test_each_stream_ends_exactly_once() -> None:
    """However it ends: answered, failed, aborted, expired, refused or reset."""

    async def handler(request: bytes, context: Any) -> bytes:
        if request.startswith(b"wait"):
            await asyncio.sleep(0)
        if request.endswith(b"fail"):
            raise LookupError
        if request.endswith(b"abort"):
            await context.abort(grpc.StatusCode.ABORTED)
        if request.endswith(b"for ever"):
            await asyncio.Event().wait()
        return request

    requests = [b"", b"wait", b"fail", b"wait and fail", b"abort", b"wait and abort", b"for ever"]
    async with serving({"Echo": unary(handler)}) as at, connected(at.port) as client:
        streams = [client.call(message=request, timeout="20m") for request in requests * 3]
        half = [client.start(timeout="20m") for _ in range(3)]
        client.send(*(frames.data(stream, HELLO[:4], END_STREAM) for stream in half))
        for stream in streams + half:
            await client.answer(stream)
        await client.round_trip()
        for stream in streams + half:
            ends = [f for f in client.seen if f.stream == stream and f.ends_stream]
            assert len(ends) == 1, stream
        assert_nothing_runs(at)
