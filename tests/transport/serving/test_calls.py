"""Calls of all four kinds, with handlers of every form that grpc.aio takes."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from tests.transport.serving.servers import (
    SECONDS,
    Running,
    path,
    serving,
    slow_echo,
    stream_stream,
    stream_unary,
    unary,
    unary_stream,
)

LARGE = bytes(range(250)) * 1_200  # 300 KB


async def count_down(request: bytes, _context: Any) -> AsyncIterator[bytes]:
    for number in range(int(request), 0, -1):
        yield b"%d" % number


async def write_down(request: bytes, context: Any) -> None:
    for number in range(int(request), 0, -1):
        await context.write(b"%d" % number)


async def join(requests: AsyncIterator[bytes], _context: Any) -> bytes:
    return b",".join([request async for request in requests])


async def read_and_join(_requests: AsyncIterator[bytes], context: Any) -> bytes:
    found = []
    while (request := await context.read()) is not grpc.aio.EOF:
        found.append(request)
    return b",".join(found)


async def echo_each(requests: AsyncIterator[bytes], _context: Any) -> AsyncIterator[bytes]:
    async for request in requests:
        yield request


async def read_and_write(_requests: AsyncIterator[bytes], context: Any) -> None:
    while (request := await context.read()) is not grpc.aio.EOF:
        await context.write(request)


async def read_and_yield(_requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
    while (request := await context.read()) is not grpc.aio.EOF:
        yield request


async def iterate_and_write(requests: AsyncIterator[bytes], context: Any) -> None:
    async for request in requests:
        await context.write(request)


async def messages(of: Any) -> list[bytes]:
    """Return the messages of a call that streams its answers."""
    return [message async for message in of]


@pytest.mark.parametrize("size", [0, 1, 16_379, 16_380, 65_530, 65_531, len(LARGE)])
async def test_a_unary_call_brings_back_its_message(size: int) -> None:
    async with (
        serving({"Echo": unary(slow_echo)}) as at,
        at.channel() as channel,
    ):
        echo = channel.unary_unary(path("Echo"))
        assert await echo(LARGE[:size], timeout=SECONDS) == LARGE[:size]


async def test_a_unary_handler_that_does_not_wait_answers_as_one_that_does() -> None:
    async def at_once(request: bytes, _context: Any) -> bytes:
        return request

    methods: dict[str, Any] = {"Waits": unary(slow_echo), "AtOnce": unary(at_once)}
    async with serving(methods) as at, at.channel() as channel:
        for message in (b"", b"x", LARGE):
            answers = [
                await channel.unary_unary(path(name))(message, timeout=SECONDS) for name in methods
            ]
            assert answers == [message, message]


@pytest.mark.parametrize("handler", [count_down, write_down])
async def test_a_stream_of_answers_comes_in_order(handler: Any) -> None:
    async with serving({"CountDown": unary_stream(handler)}) as at, at.channel() as channel:
        call = channel.unary_stream(path("CountDown"))(b"1000", timeout=SECONDS)
        assert await messages(call) == [b"%d" % number for number in range(1_000, 0, -1)]
        assert await call.code() is grpc.StatusCode.OK


@pytest.mark.parametrize("handler", [count_down, write_down])
async def test_a_stream_may_have_no_answers(handler: Any) -> None:
    async with serving({"CountDown": unary_stream(handler)}) as at, at.channel() as channel:
        call = channel.unary_stream(path("CountDown"))(b"0", timeout=SECONDS)
        assert await messages(call) == []
        assert await call.code() is grpc.StatusCode.OK


@pytest.mark.parametrize("handler", [join, read_and_join])
@pytest.mark.parametrize("count", [0, 1, 300])
async def test_a_stream_of_requests_gets_one_answer(handler: Any, count: int) -> None:
    requests = [b"%d" % number for number in range(count)]
    async with serving({"Join": stream_unary(handler)}) as at, at.channel() as channel:
        call = channel.stream_unary(path("Join"))
        assert await call(iter(requests), timeout=SECONDS) == b",".join(requests)


@pytest.mark.parametrize("handler", [echo_each, read_and_write, read_and_yield, iterate_and_write])
async def test_requests_and_answers_alternate(handler: Any) -> None:
    async with serving({"Echo": stream_stream(handler)}) as at, at.channel() as channel:
        call = channel.stream_stream(path("Echo"))(timeout=SECONDS)
        for message in (b"one", LARGE, b"", b"four"):
            await call.write(message)
            assert await call.read() == message
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
        assert await call.code() is grpc.StatusCode.OK


async def test_a_handler_may_end_before_its_client() -> None:
    async def first_only(requests: AsyncIterator[bytes], _context: Any) -> AsyncIterator[bytes]:
        async for request in requests:
            yield request
            return

    async with serving({"First": stream_stream(first_only)}) as at, at.channel() as channel:
        call = channel.stream_stream(path("First"))(timeout=SECONDS)
        await call.write(b"one")
        assert await messages(call) == [b"one"]
        assert await call.code() is grpc.StatusCode.OK
        assert_at_rest(at)


async def test_messages_are_read_and_written_by_the_methods_codecs() -> None:
    async def double(request: int, _context: Any) -> int:
        return request * 2

    handler = unary(double, int, lambda answer: str(answer).encode())
    async with serving({"Double": handler}) as at, at.channel() as channel:
        assert await channel.unary_unary(path("Double"))(b"21", timeout=SECONDS) == b"42"


async def test_a_method_of_another_service_is_unimplemented() -> None:
    async with serving() as at, at.channel() as channel:
        for kind in ("unary_unary", "unary_stream"):
            call = getattr(channel, kind)("/other.Service/Echo")(b"", timeout=SECONDS)
            assert await call.code() is grpc.StatusCode.UNIMPLEMENTED
            assert await call.details() == "there is no method /other.Service/Echo"
        assert at.meters.calls == 0


def assert_at_rest(at: Running) -> None:
    assert at.meters.running == 0
    assert at.meters.held_bytes == 0
