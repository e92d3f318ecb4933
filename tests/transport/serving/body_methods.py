"""One method of each kind whose request has a body to wait for."""

from collections.abc import AsyncIterator
from typing import Any

from tests.transport.serving.servers import echo, stream_unary, unary, unary_stream


async def join(requests: AsyncIterator[bytes], _context: Any) -> bytes:
    return b"%d" % sum([len(request) async for request in requests])


async def first_only(_request: bytes, _context: Any) -> AsyncIterator[bytes]:
    yield b""


METHODS: dict[str, Any] = {
    "Unary": unary(echo),
    "List": unary_stream(first_only),
    "Join": stream_unary(join),
}
