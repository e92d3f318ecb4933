"""Methods that answer in every way there is; the same request always gives the same answer."""

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


async def fail(_request: bytes, _context: Any) -> bytes:
    raise RuntimeError("on purpose")


async def fail_later(_request: bytes, _context: Any) -> bytes:
    await asyncio.sleep(0)
    raise RuntimeError("on purpose")


async def abort(_request: bytes, context: Any) -> bytes:
    await context.abort(grpc.StatusCode.ABORTED, "nö", (("x-why-bin", b"\0"),))
    raise AssertionError


async def abort_later(request: bytes, context: Any) -> bytes:
    await asyncio.sleep(0)
    return await abort(request, context)


async def cancel_itself(_request: bytes, _context: Any) -> bytes:
    raise asyncio.CancelledError


async def set_status(request: bytes, context: Any) -> bytes:
    context.set_code(grpc.StatusCode.DATA_LOSS)
    context.set_details("lost")
    return request


async def metadata(_request: bytes, context: Any) -> bytes:
    await context.send_initial_metadata((("x-first", "1"), ("x-first-bin", b"1")))
    context.set_trailing_metadata((("x-last", "2"),))
    return repr(context.invocation_metadata()).encode()


async def remaining(_request: bytes, context: Any) -> bytes:
    seconds = context.time_remaining()
    return b"none" if seconds is None else b"%d" % round(seconds, -1)


async def large(_request: bytes, _context: Any) -> bytes:
    return bytes(range(256)) * 400


async def packed(_request: bytes, context: Any) -> bytes:
    context.set_compression(grpc.Compression.Gzip)
    return b"text" * 100


async def no_bytes(_request: bytes, _context: Any) -> Any:
    return None


async def pages(request: bytes, _context: Any) -> AsyncIterator[bytes]:
    for _ in range(3):
        yield request


async def count(requests: AsyncIterator[bytes], _context: Any) -> bytes:
    return b"%d" % len([request async for request in requests])


async def chat(requests: AsyncIterator[bytes], _context: Any) -> AsyncIterator[bytes]:
    async for request in requests:
        yield request


UNARY = [
    echo, slow_echo, fail, fail_later, abort, abort_later, cancel_itself, set_status, metadata,
    remaining, large, packed, no_bytes,
]  # fmt: skip
METHODS: dict[str, Any] = {behaviour.__name__: unary(behaviour) for behaviour in UNARY} | {
    "pages": unary_stream(pages),
    "count": stream_unary(count),
    "chat": stream_stream(chat),
}
