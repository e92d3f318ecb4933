"""Methods that end in every way there is, or only if they are told to."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc

from tests.transport.serving.servers import (
    echo,
    slow_echo,
    stream_stream,
    stream_unary,
    unary,
    unary_stream,
)


async def wait_for_ever(_request: bytes, _context: Any) -> bytes:
    await asyncio.Event().wait()
    raise AssertionError


async def take_leave(_request: bytes, _context: Any) -> bytes:
    """Wait for ever, and need some turns to end."""
    try:
        await asyncio.Event().wait()
    finally:
        for _ in range(3):
            await asyncio.sleep(0)
    raise AssertionError


async def be_stubborn(request: bytes, _context: Any) -> bytes:
    """Answer although it was cancelled."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await asyncio.sleep(0)
    return request


async def fail(_request: bytes, _context: Any) -> bytes:
    raise RuntimeError("on purpose")


async def cancel_itself(_request: bytes, _context: Any) -> bytes:
    raise asyncio.CancelledError


async def answer_nothing(_request: bytes, _context: Any) -> Any:
    return None


async def tell_metadata(_request: bytes, context: Any) -> bytes:
    context.set_trailing_metadata((("x-last-bin", b"last"),))
    context.add_done_callback(lambda ended: ended.code())
    return repr(context.invocation_metadata()).encode()


def unreadable(request: bytes) -> bytes:
    raise ValueError("on purpose")


async def abort_later(_request: bytes, context: Any) -> bytes:
    await asyncio.sleep(0)
    await context.abort(grpc.StatusCode.ABORTED, "on purpose", (("x-why", "fuzz"),))
    raise AssertionError


async def answer_much(_request: bytes, _context: Any) -> bytes:
    return bytes(200_000)


async def answer_packed(request: bytes, context: Any) -> bytes:
    context.set_compression(grpc.Compression.Gzip)
    await context.send_initial_metadata((("x-first", "1"),))
    return request * 2


async def pages(request: bytes, _context: Any) -> AsyncIterator[bytes]:
    for _ in range(5):
        yield request * 3


async def pages_for_ever(_request: bytes, _context: Any) -> AsyncIterator[bytes]:
    while True:
        yield bytes(30_000)


async def count(requests: AsyncIterator[bytes], _context: Any) -> bytes:
    return b"%d" % len([request async for request in requests])


async def ignore_requests(_requests: AsyncIterator[bytes], _context: Any) -> bytes:
    await asyncio.sleep(0)
    return b"enough"


async def never_read(_requests: AsyncIterator[bytes], _context: Any) -> bytes:
    await asyncio.Event().wait()
    raise AssertionError


async def chat(requests: AsyncIterator[bytes], _context: Any) -> AsyncIterator[bytes]:
    async for request in requests:
        yield request


METHODS: dict[str, Any] = {
    behaviour.__name__: unary(behaviour)
    for behaviour in (
        echo,
        slow_echo,
        wait_for_ever,
        take_leave,
        be_stubborn,
        fail,
        cancel_itself,
        answer_nothing,
        tell_metadata,
        abort_later,
        answer_much,
        answer_packed,
    )
} | {
    "unreadable": unary(echo, request_deserializer=unreadable),
    "unreadable_pages": unary_stream(pages, request_deserializer=unreadable),
    "unreadable_chat": stream_stream(chat, request_deserializer=unreadable),
    "pages": unary_stream(pages),
    "pages_for_ever": unary_stream(pages_for_ever),
    "count": stream_unary(count),
    "ignore_requests": stream_unary(ignore_requests),
    "never_read": stream_unary(never_read),
    "chat": stream_stream(chat),
}
