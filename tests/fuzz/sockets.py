"""Raw bytes on the socket of a real sidecar: calls that are cut, changed, mixed and left."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress

import grpc

from bench.attacks import frames, header_blocks
from bench.attacks.frames import END_STREAM, FrameType
from pannier.v1 import storage_pb2 as pb
from pannier.v1.storage_pb2_grpc import StorageBackendStub
from tests.fuzz.requests import SERVICE, hostile_request
from tests.transport.fuzz.conversation import cut, mutated

_OTHER_PATHS = [
    b"/grpc.health.v1.Health/Watch",
    b"/grpc.health.v1.Health/Check",
    b"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    b"/pannier.v1.StorageBackend/None",
    b"/",
    b"*",
    b"",
]
_AT_ONCE = 4
_EVERY = 50

Log = Callable[[], str]


def conversation(rnd: random.Random) -> list[bytes]:
    """Return what a client sends: some calls, and mistakes in most of them."""
    sent = [frames.PREFACE, frames.settings(), frames.frame(FrameType.SETTINGS, flags=frames.ACK)]
    for stream in range(1, rnd.randrange(3, 40), 2):
        rpc, body = hostile_request(rnd)
        path = f"/{SERVICE.full_name}/{rpc}".encode()
        if rnd.random() < 0.1:
            path = rnd.choice(_OTHER_PATHS)
        block = header_blocks.request(path, b"localhost")
        sent.append(frames.headers(stream, block))
        message = frames.message(body[:16_000])
        sent.append(frames.data(stream, message, END_STREAM if rnd.random() < 0.9 else 0))
    kind = rnd.random()
    if kind < 0.1:
        return [rnd.randbytes(rnd.choice([1, 24, 300, 5_000]))]
    return sent if kind < 0.2 else mutated(rnd, sent)


async def fuzz_socket(address: str, log: Log, seconds: float, seed: int) -> int:
    """Send such conversations for some seconds, and return how many.

    Args:
        address: Where a sidecar listens: HOST:PORT.
        log: Returns what it has logged so far.
        seconds: How long.
        seed: Of the first conversation.

    Raises:
        AssertionError: The sidecar does not answer others any more, or has logged a bug.
    """
    rnd = random.Random(seed)
    until = time.monotonic() + seconds
    sent = 0
    async with grpc.aio.insecure_channel(address) as channel:
        stub = StorageBackendStub(channel)  # type: ignore[no-untyped-call]
        await stub.Put(pb.PutRequest(key="fuzz:kept", data=b"kept"), timeout=30)
        while time.monotonic() < until:
            sending = (_send(address, random.Random(rnd.random())) for _ in range(_AT_ONCE))
            await asyncio.gather(*sending)
            sent += _AT_ONCE
            if sent % _EVERY < _AT_ONCE:
                await _assert_serves(stub, log)
        await _assert_serves(stub, log)
    return sent


async def _send(address: str, rnd: random.Random) -> None:
    host, _, port = address.rpartition(":")
    with suppress(OSError, TimeoutError):
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            for piece in cut(rnd, b"".join(conversation(rnd))):
                writer.write(piece)
                await writer.drain()
            if rnd.random() < 0.5 and writer.can_write_eof():
                writer.write_eof()
                await asyncio.wait_for(reader.read(), 0.2)
            elif rnd.random() < 0.5:
                await asyncio.wait_for(reader.read(100), 0.2)
        finally:
            if rnd.random() < 0.3:
                # A reset instead of an orderly end.
                writer.transport.abort()
            writer.close()


async def _assert_serves(stub: StorageBackendStub, log: Log) -> None:
    kept = await stub.Get(pb.GetRequest(key="fuzz:kept"), timeout=30)
    assert kept.record.data == b"kept"
    text = log()
    assert "Traceback" not in text, text[-4_000:]
