"""What one GetItem of 1 KB costs this process: our wire client beside botocore's.

A responder in another process answers every request with the same bytes, so that only
the client's own work is counted. Run: ``.venv/bin/python bench/wire_call.py [calls]``.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast
from zlib import crc32

import uvloop

from pannier_server.backends.dynamodb.wire.client import DynamoDBClient
from pannier_server.backends.dynamodb.wire.retries import Effect
from pannier_server.backends.dynamodb.wire.settings import WireSettings

BODY = b'{"Item":{"PK":{"S":"OWNER#a"},"SK":{"S":"TASK#b"},"version":{"N":"7"},"data":{"S":"%b"}}}'
BODY %= b"x" * (1024 - len(BODY))
ANSWER = (
    b"HTTP/1.1 200 OK\r\nServer: Server\r\nDate: Wed, 01 Jan 2025 00:00:00 GMT\r\n"
    b"Content-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n"
    b"Connection: keep-alive\r\n"
    b"x-amzn-RequestId: 38N9IJV176MACH027DNIRT5C53VV4KQNSO5AEMVJF66Q9ASUAAJG\r\n"
    b"x-amz-crc32: %d\r\n\r\n%b"
) % (len(BODY), crc32(BODY), BODY)
REQUEST = (
    b'{"TableName":"pmcp_tasks","Key":{"PK":{"S":"OWNER#a"},"SK":{"S":"TASK#b"}},'
    b'"ConsistentRead":true}'
)
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}


class Responder(asyncio.Protocol):
    """Answers each request, of whatever length, with `ANSWER`."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport and expect a head."""
        self._transport = cast("asyncio.Transport", transport)
        self._received = b""

    def data_received(self, data: bytes) -> None:
        """Answer once the whole request is there; botocore sends it in two parts."""
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if end and len(body) >= int(length):
            self._received = b""
            self._transport.write(ANSWER)


async def serve() -> None:
    """Serve on a free port of loopback and print it, until the input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Responder, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


async def measure_ours(port: int, calls: int, callers: int) -> float:
    """Return CPU seconds per call with so many callers at once."""
    settings = WireSettings(region="eu-west-1", endpoint=f"http://127.0.0.1:{port}")
    client = await DynamoDBClient.open(settings, environ=KEYS)
    loop = asyncio.get_running_loop()

    async def caller(count: int) -> None:
        for _ in range(count):
            deadline = loop.time() + 10
            await client.call("GetItem", REQUEST, effect=Effect.READ, deadline=deadline)

    async def run(count: int) -> None:
        await asyncio.gather(*(caller(count // callers) for _ in range(callers)))

    await run(calls // 10)
    used = await _cpu(run, calls)
    await client.close()
    return used / calls


async def _cpu(run: Callable[[int], Awaitable[None]], calls: int) -> float:
    before = time.process_time()
    await run(calls)
    return time.process_time() - before


def measure_botocore(port: int, calls: int) -> float:
    """Return CPU seconds per call of one caller."""
    from botocore.session import Session

    client: Any = Session().create_client(
        "dynamodb", region_name="eu-west-1", endpoint_url=f"http://127.0.0.1:{port}"
    )
    key = {"PK": {"S": "OWNER#a"}, "SK": {"S": "TASK#b"}}

    def run(count: int) -> None:
        for _ in range(count):
            client.get_item(TableName="pmcp_tasks", Key=key, ConsistentRead=True)

    run(calls // 10)
    before = time.process_time()
    run(calls)
    return (time.process_time() - before) / calls


def main(calls: int) -> None:
    """Print a line for each client."""
    responder = subprocess.Popen(
        [sys.executable, __file__, "--serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert responder.stdin is not None
    assert responder.stdout is not None
    port = int(responder.stdout.readline())

    def ours(run: Callable[[Coroutine[None, None, float]], float], callers: int) -> float:
        return run(measure_ours(port, calls, callers))

    try:
        _show("pannier, uvloop, 1 caller", ours(uvloop.run, 1))
        _show("pannier, uvloop, 16 callers", ours(uvloop.run, 16))
        _show("pannier, asyncio, 1 caller", ours(asyncio.run, 1))
        os.environ.update(KEYS)
        _show("botocore, 1 caller", measure_botocore(port, calls // 10))
    finally:
        responder.stdin.close()
        responder.wait(10)


def _show(name: str, seconds: float) -> None:
    print(f"{name:<28} {seconds * 1e6:8.1f} us CPU per call")


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        uvloop.run(serve())
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 20_000)
