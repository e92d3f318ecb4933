"""Handlers that fail, requests that nobody can read, and what clients are told of them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from bench.attacks import frames
from bench.attacks.frames import END_STREAM
from tests.transport.serving.client import connected
from tests.transport.serving.servers import (
    SECONDS,
    path,
    serving,
    stream_stream,
    stream_unary,
    unary,
    unary_stream,
)

UNKNOWN, INTERNAL = 2, 13
SECRET = "the password is hunter2"


@pytest.mark.parametrize("waits", [False, True])
async def test_a_handler_that_raises_ends_its_call_alone(
    waits: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(request: bytes, _context: Any) -> bytes:
        if waits:
            await asyncio.sleep(0)
        if request == b"fail":
            raise LookupError(SECRET)
        return request

    async with serving({"Echo": unary(handler)}) as at, connected(at.port) as client:
        failing, other = client.call(message=b"fail"), client.call()
        failed = await client.answer(failing)
        assert (failed.status, failed.messages) == (UNKNOWN, [])
        assert SECRET not in failed.message
        assert (await client.answer(other)).messages == [b"hello"]
        assert at.meters.handler_errors == 1
    assert SECRET in caplog.text
    assert "the handler of /test.Service/Echo failed" in caplog.text


async def test_a_handler_may_raise_after_initial_metadata() -> None:
    async def handler(_request: bytes, context: Any) -> bytes:
        await context.send_initial_metadata((("first", "here"),))
        context.set_trailing_metadata((("last", "there"),))
        raise LookupError

    async with serving({"Echo": unary(handler)}) as at, connected(at.port) as client:
        answer = await client.answer(client.call())
        assert answer.status == UNKNOWN
        assert (answer.headers["first"], answer.headers["last"]) == ("here", "there")


async def test_an_error_goes_with_the_status_that_was_set() -> None:
    async def handler(_request: bytes, context: Any) -> bytes:
        context.set_code(grpc.StatusCode.NOT_FOUND)
        context.set_details("no such thing")
        raise LookupError

    async with serving({"Echo": unary(handler)}) as at, connected(at.port) as client:
        answer = await client.answer(client.call())
        assert (answer.status, answer.message) == (5, "no such thing")
        assert at.meters.handler_errors == 1


async def test_a_stream_that_fails_ends_after_what_was_sent() -> None:
    async def handler(_request: bytes, _context: Any) -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"
        raise LookupError

    async with serving({"List": unary_stream(handler)}) as at, connected(at.port) as client:
        answer = await client.answer(client.call("List"))
        assert (answer.status, answer.messages) == (UNKNOWN, [b"one", b"two"])


@pytest.mark.parametrize("waits", [False, True])
async def test_abort_ends_a_call_with_all_that_it_is_given(waits: bool) -> None:
    async def handler(_request: bytes, context: Any) -> bytes:
        if waits:
            await asyncio.sleep(0)
        await context.abort(
            grpc.StatusCode.ABORTED, "50 % of €\n", (("why", "so"), ("details-bin", b"\1"))
        )
        raise AssertionError("not reached")

    async with serving({"Echo": unary(handler)}) as at, at.channel() as channel:
        call = channel.unary_unary(path("Echo"))(b"", timeout=SECONDS)
        assert await call.code() is grpc.StatusCode.ABORTED
        assert await call.details() == "50 % of €\n"
        assert dict(await call.trailing_metadata()) == {"why": "so", "details-bin": b"\1"}
        assert at.meters.handler_errors == 0


async def test_abort_keeps_what_was_set_before_and_not_given_again() -> None:
    async def handler(_request: bytes, context: Any) -> bytes:
        context.set_details("as set before")
        context.set_trailing_metadata((("why", "so"),))
        await context.abort(grpc.StatusCode.ABORTED)
        return b""

    async with serving({"Echo": unary(handler)}) as at, connected(at.port) as client:
        answer = await client.answer(client.call())
        assert (answer.status, answer.message) == (10, "as set before")
        assert answer.headers["why"] == "so"


async def test_abort_takes_a_whole_status() -> None:
    class Status:
        code = grpc.StatusCode.OUT_OF_RANGE
        details = "too far"
        trailing_metadata = (("why", "so"),)

    async def handler(_requests: Any, context: Any) -> AsyncIterator[bytes]:
        yield b"one"
        await context.abort_with_status(Status())

    async with serving({"List": stream_stream(handler)}) as at, connected(at.port) as client:
        answer = await client.answer(client.start("List"))
        assert (answer.status, answer.message) == (11, "too far")
        assert (answer.messages, answer.headers["why"]) == ([b"one"], "so")


async def test_abort_with_ok_is_an_error_of_the_handler() -> None:
    async def handler(_request: bytes, context: Any) -> bytes:
        with pytest.raises(ValueError, match="return instead"):
            await context.abort(grpc.StatusCode.OK)
        return b"went on"

    async with serving({"Echo": unary(handler)}) as at, connected(at.port) as client:
        assert (await client.answer(client.call())).messages == [b"went on"]


@pytest.mark.parametrize("answer", [None, "text", 5], ids=type)
async def test_an_answer_that_is_no_message_is_an_error_of_the_handler(answer: Any) -> None:
    async def handler(_request: bytes, _context: Any) -> Any:
        return answer

    methods: dict[str, Any] = {
        "Unary": unary(handler, None, bytes.hex),
        "Stream": stream_unary(handler),
    }
    async with serving(methods) as at, connected(at.port) as client:
        assert (await client.answer(client.call("Unary"))).status == UNKNOWN
        if answer != "text":
            assert (await client.answer(client.call("Stream"))).status == UNKNOWN


async def number_of(request: int, _context: Any) -> bytes:
    return b"%d" % request


async def list_number(request: int, _context: Any) -> AsyncIterator[bytes]:
    yield b"%d" % request


async def add(requests: AsyncIterator[int], _context: Any) -> bytes:
    return b"%d" % sum([request async for request in requests])


@pytest.mark.parametrize(
    "method",
    [unary(number_of, int), unary_stream(list_number, int), stream_unary(add, int)],
    ids=["unary", "unary_stream", "stream_unary"],
)
async def test_a_request_that_cannot_be_deserialized_is_the_clients_error(
    method: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving({"Number": method}) as at, connected(at.port) as client:
        for message, status in ((b"5", 0), (b"five", INTERNAL), (b"5", 0)):
            whole = await client.answer(client.call("Number", message))
            assert whole.status == status
            stream = client.start("Number")
            client.send(frames.data(stream, frames.message(message)))
            client.send(frames.data(stream, flags=END_STREAM))
            assert (await client.answer(stream)).status == status
        assert at.meters.handler_errors == 0
    assert caplog.text == ""


@pytest.mark.parametrize("method", [unary(number_of, int), unary_stream(list_number, int)])
async def test_a_single_request_must_be_one_whole_message(method: Any) -> None:
    one = frames.message(b"5")
    async with serving({"Number": method}) as at, connected(at.port) as client:
        for body in (b"", one[:3], one[:-1], one + one, one + one[:2]):
            stream = client.start("Number")
            client.send(frames.data(stream, body, END_STREAM))
            answer = await client.answer(stream)
            assert answer.status == INTERNAL, body
            assert "message" in answer.message
        assert at.meters.calls == 0


async def test_a_second_message_of_a_single_request_is_refused_when_it_comes() -> None:
    """What follows is not waited for, nor kept."""
    async with serving() as at, connected(at.port) as client:
        stream = client.start()
        client.send(frames.data(stream, frames.message(b"one") + frames.message(b"two")))
        answer = await client.answer(stream)
        assert (answer.status, answer.message) == (INTERNAL, "the request is more than one message")


async def test_a_stream_of_requests_may_not_end_inside_a_message() -> None:
    seen: list[bytes] = []

    async def handler(requests: AsyncIterator[bytes], _context: Any) -> bytes:
        seen.extend([request async for request in requests])
        return b""

    async with serving({"Join": stream_unary(handler)}) as at, connected(at.port) as client:
        stream = client.start("Join")
        client.send(frames.data(stream, frames.message(b"one") + b"\0\0", END_STREAM))
        answer = await client.answer(stream)
        assert (answer.status, answer.message) == (INTERNAL, "the request ends inside a message")
        assert seen == []


async def test_a_handler_that_raises_cancelled_error_ends_the_call_as_cancelled() -> None:
    async def handler(_request: bytes, _context: Any) -> bytes:
        raise asyncio.CancelledError

    async with serving({"Echo": unary(handler)}) as at, connected(at.port) as client:
        assert (await client.answer(client.call())).status == 1
        assert at.meters.handler_errors == 0
