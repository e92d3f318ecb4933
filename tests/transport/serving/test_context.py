"""What a handler can ask of its context, and say by it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from bench.attacks import frames
from bench.attacks.frames import END_STREAM, FrameType
from tests.transport.serving.client import connected
from tests.transport.serving.servers import (
    SECONDS,
    path,
    serving,
    stream_stream,
    unary,
    unary_stream,
    until,
)

WORDS = b"word " * 2_000
GZIP = (("grpc-accept-encoding", "gzip"),)


async def test_metadata_goes_both_ways() -> None:
    async def handler(_request: bytes, context: Any) -> bytes:
        sent = dict(context.invocation_metadata())
        await context.send_initial_metadata((("first", sent["text"]),))
        context.set_trailing_metadata((("last-bin", sent["bytes-bin"]),))
        return b""

    async with serving({"Echo": unary(handler)}) as at, at.channel() as channel:
        metadata = (("text", "a b"), ("bytes-bin", b"\0\xff"))
        call = channel.unary_unary(path("Echo"))(b"", metadata=metadata, timeout=SECONDS)
        assert dict(await call.initial_metadata())["first"] == "a b"
        assert dict(await call.trailing_metadata())["last-bin"] == b"\0\xff"


async def test_initial_metadata_goes_out_before_the_answer() -> None:
    answer = asyncio.Event()

    async def handler(_request: bytes, context: Any) -> bytes:
        await context.send_initial_metadata((("first", "now"),))
        await answer.wait()
        return b"later"

    async with serving({"Echo": unary(handler)}) as at, connected(at.port) as client:
        stream = client.call()
        await client.until(FrameType.HEADERS)
        assert client.answers[stream].headers["first"] == "now"
        answer.set()
        assert (await client.answer(stream)).messages == [b"later"]


async def test_initial_metadata_cannot_be_sent_twice() -> None:
    async def handler(_request: bytes, context: Any) -> bytes:
        await context.send_initial_metadata(())
        with pytest.raises(ValueError, match="after the answer has begun"):
            await context.send_initial_metadata(())
        return b"once"

    async with serving({"Echo": unary(handler)}) as at, connected(at.port) as client:
        assert (await client.answer(client.call())).messages == [b"once"]


async def test_trailing_metadata_can_be_read_again() -> None:
    metadata = (("grpc-status-details-bin", b"\1"), ("text", "x"))

    async def handler(_request: bytes, context: Any) -> bytes:
        assert context.trailing_metadata() == ()
        context.set_trailing_metadata(metadata)
        assert context.trailing_metadata() == metadata
        return b""

    async with serving({"Echo": unary(handler)}) as at, connected(at.port) as client:
        assert (await client.answer(client.call())).status == 0


@pytest.mark.parametrize("code", [grpc.StatusCode.NOT_FOUND, 5], ids=["code", "number"])
async def test_a_status_can_be_set_and_read_again(code: Any) -> None:
    async def handler(_request: bytes, context: Any) -> bytes:
        assert context.code() is None
        context.set_code(code)
        context.set_details("no such thing")
        assert context.code() is code
        assert context.details() == "no such thing"
        return b"not sent"

    async with serving({"Echo": unary(handler)}) as at, connected(at.port) as client:
        answer = await client.answer(client.call())
        assert (answer.status, answer.message, answer.messages) == (5, "no such thing", [])


async def test_a_stream_can_end_with_a_status_that_was_set() -> None:
    async def handler(_request: bytes, context: Any) -> AsyncIterator[bytes]:
        yield b"one"
        context.set_code(grpc.StatusCode.DATA_LOSS)
        context.set_details("that was all")

    async with serving({"List": unary_stream(handler)}) as at, connected(at.port) as client:
        answer = await client.answer(client.call("List"))
        assert (answer.status, answer.message, answer.messages) == (15, "that was all", [b"one"])


async def test_the_deadline_is_known() -> None:
    async def handler(_request: bytes, context: Any) -> bytes:
        return str(context.time_remaining()).encode()

    async with serving({"Left": unary(handler)}) as at, connected(at.port) as client:
        without = await client.answer(client.call("Left"))
        assert without.messages == [b"None"]
        within = await client.answer(client.call("Left", timeout="10S"))
        assert 9 < float(within.messages[0]) <= 10
        # As long as it gets: 8 digits of hours.
        longest = await client.answer(client.call("Left", timeout="99999999H"))
        assert float(longest.messages[0]) == pytest.approx(99_999_999 * 3_600)


async def test_a_handler_that_waits_may_have_the_longest_deadline() -> None:
    async def handler(_request: bytes, _context: Any) -> bytes:
        await asyncio.sleep(0)
        return b"done"

    async with serving({"Wait": unary(handler)}) as at, connected(at.port) as client:
        answer = await client.answer(client.call("Wait", timeout="99999999H"))
        assert answer.messages == [b"done"]


async def test_the_peer_is_known() -> None:
    async def handler(_request: bytes, context: Any) -> bytes:
        assert context.auth_context() == {}
        assert context.peer_identities() is None
        assert context.peer_identity_key() is None
        peer: str = context.peer()
        return peer.encode()

    async with serving({"Peer": unary(handler)}) as at, connected(at.port) as client:
        host, port = client.writer.get_extra_info("sockname")
        answer = await client.answer(client.call("Peer"))
        assert answer.messages == [f"ipv4:{host}:{port}".encode()]


@pytest.mark.parametrize("algorithm", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
async def test_messages_are_compressed_as_both_ends_choose(algorithm: grpc.Compression) -> None:
    async def handler(request: bytes, context: Any) -> bytes:
        context.set_compression(grpc.Compression.Gzip)
        return request

    async with serving({"Echo": unary(handler)}) as at, at.channel() as channel:
        echo = channel.unary_unary(path("Echo"))
        assert await echo(WORDS, compression=algorithm, timeout=SECONDS) == WORDS


async def test_a_message_is_compressed_only_where_the_client_takes_it() -> None:
    async def handler(_request: bytes, context: Any) -> AsyncIterator[bytes]:
        context.set_compression(grpc.Compression.Gzip)
        yield WORDS
        context.disable_next_message_compression()
        yield WORDS
        yield WORDS

    async with serving({"List": unary_stream(handler)}) as at, connected(at.port) as client:
        plain = await client.answer(client.call("List"))
        assert plain.messages == [WORDS] * 3
        assert "grpc-encoding" not in plain.headers
        stream = client.start("List", grpc_accept_encoding="gzip")
        client.send(frames.data(stream, frames.message(b""), END_STREAM))
        packed = await client.answer(stream)
        assert packed.headers["grpc-encoding"] == "gzip"
        first, second, third = packed.messages
        assert second == WORDS
        assert len(first) == len(third) < 100


async def test_compression_cannot_be_chosen_once_the_answer_has_begun() -> None:
    """The head has said by then that messages are not compressed."""

    async def handler(_request: bytes, context: Any) -> AsyncIterator[bytes]:
        yield WORDS
        with pytest.raises(RuntimeError, match="set it before"):
            context.set_compression(grpc.Compression.Gzip)
        yield WORDS

    async with serving({"List": unary_stream(handler)}) as at, at.channel() as channel:
        call = channel.unary_stream(path("List"))(b"", timeout=SECONDS)
        assert [message async for message in call] == [WORDS, WORDS]


@pytest.mark.parametrize("waits", [False, True])
async def test_done_callbacks_are_called_once_the_call_is_over(waits: bool) -> None:
    calls: list[Any] = []

    async def handler(request: bytes, context: Any) -> bytes:
        context.add_done_callback(lambda done: calls.append((done is context, done.done())))
        if waits:
            await asyncio.sleep(0)
        assert calls == []
        assert not context.done()
        return request

    async with serving({"Echo": unary(handler)}) as at, connected(at.port) as client:
        await client.answer(client.call())
        assert calls == [(True, True)]


async def test_a_done_callback_that_fails_ends_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls: list[Any] = []

    def fail(_context: Any) -> None:
        raise LookupError("lost")

    async def handler(request: bytes, context: Any) -> bytes:
        context.add_done_callback(fail)
        context.add_done_callback(calls.append)
        return request

    async with serving({"Echo": unary(handler)}) as at, connected(at.port) as client:
        for number in (1, 2):
            assert (await client.answer(client.call())).messages == [b"hello"]
            assert len(calls) == number
    assert "a done callback of /test.Service/Echo failed" in caplog.text


async def test_a_done_callback_of_a_call_that_is_over_is_called_at_once() -> None:
    over = asyncio.Event()
    calls: list[Any] = []

    async def handler(_request: bytes, context: Any) -> bytes:
        try:
            await asyncio.Event().wait()
        finally:
            context.add_done_callback(calls.append)
            over.set()
        return b""

    async with serving({"Echo": unary(handler)}) as at, connected(at.port) as client:
        stream = client.call()
        await client.round_trip()
        client.send(frames.rst_stream(stream))
        await over.wait()
        assert len(calls) == 1


async def test_a_handler_learns_that_its_call_was_cancelled() -> None:
    told: list[bool] = []

    async def handler(_request: bytes, context: Any) -> bytes:
        context.add_done_callback(lambda done: told.append(done.cancelled()))
        assert not context.cancelled()
        try:
            await asyncio.Event().wait()
        finally:
            told.append(context.cancelled())
        return b""

    async with serving({"Echo": unary(handler)}) as at, connected(at.port) as client:
        stream = client.call()
        await client.round_trip()
        client.send(frames.rst_stream(stream))
        await until(lambda: len(told) == 2)
        assert told == [True, True]


async def test_several_tasks_of_a_handler_may_write() -> None:
    """While the client's windows are closed they all wait, and all go on when they open."""
    size = 100_000

    async def handler(_requests: Any, context: Any) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(context.write(bytes([number]) * size))

    async with serving({"List": stream_stream(handler)}) as at, connected(at.port) as client:
        stream = client.start("List")
        await client.round_trip()
        client.send(frames.window_update(0, 10**6), frames.window_update(stream, 10**6))
        answer = await client.answer(stream)
        assert [message[:1] for message in answer.messages] == [b"\0", b"\1", b"\2", b"\3", b"\4"]
        assert {len(message) for message in answer.messages} == {size}
        assert answer.status == 0


async def test_two_tasks_that_read_are_told_that_one_does_already() -> None:
    told = asyncio.Event()

    async def handler(_requests: Any, context: Any) -> AsyncIterator[bytes]:
        first = asyncio.ensure_future(context.read())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="another task reads"):
            await context.read()
        told.set()
        yield await first

    async with serving({"Echo": stream_stream(handler)}) as at, connected(at.port) as client:
        stream = client.start("Echo")
        await told.wait()
        client.send(frames.data(stream, frames.message(b"one"), END_STREAM))
        assert (await client.answer(stream)).messages == [b"one"]
