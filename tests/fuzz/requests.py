"""Requests with hostile values in every field, and messages that are none."""

import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc

from pannier.v1 import storage_pb2 as pb
from pannier_server.app import running_sidecar
from pannier_server.backends.contract import StorageBackend
from pannier_server.config import Settings
from tests.fuzz.answers import check_failure, check_page
from tests.fuzz.hostile import fill, garbled
from tests.sidecars import LOOPBACK, channel_to

SERVICE = pb.DESCRIPTOR.services_by_name["StorageBackend"]
REQUESTS = {method.name: getattr(pb, method.input_type.name) for method in SERVICE.methods}
"""The RPCs, each with the type of its request."""

_GARBLED = 0.3


class Caller:
    """Sends bytes to any RPC of a sidecar, and checks what comes back."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        """Take a connection to the sidecar."""
        self._send: dict[str, grpc.aio.UnaryStreamMultiCallable[bytes, bytes]] = {
            name: channel.unary_stream(f"/{SERVICE.full_name}/{name}") for name in REQUESTS
        }

    async def call(self, rpc: str, request: bytes) -> bool:
        """Make a call, and return whether it succeeded.

        Raises:
            AssertionError: The answer is not what any answer must be.
        """
        pages = 0
        try:
            async for answer in self._send[rpc](request, timeout=30.0):
                pages += 1
                if rpc == "ListByPrefix":
                    check_page(pb.ListByPrefixResponse.FromString(answer))
        except grpc.aio.AioRpcError as error:
            check_failure(rpc, error, request)
            return False
        assert pages == 1 or rpc == "ListByPrefix", f"{rpc} has {pages} answers"
        return True


@asynccontextmanager
async def caller_of(backend: StorageBackend, transport: str) -> AsyncIterator[Caller]:
    """Run a sidecar over a backend, and yield what calls it."""
    settings = Settings(store="memory:", listen=LOOPBACK, grace=1.0, transport=transport)
    async with (
        running_sidecar(settings, backend=backend) as sidecar,
        channel_to(sidecar) as channel,
    ):
        yield Caller(channel)


def hostile_request(rnd: random.Random) -> tuple[str, bytes]:
    """Return an RPC's name and what to send it."""
    rpc = rnd.choice(list(REQUESTS))
    message = REQUESTS[rpc]()
    fill(message, rnd)
    encoded = message.SerializeToString()
    return rpc, garbled(encoded, rnd) if rnd.random() < _GARBLED else encoded


async def fuzz_requests(backend: StorageBackend, transport: str, seconds: float, seed: int) -> int:
    """Send hostile requests for some seconds, and return how many succeeded.

    Raises:
        AssertionError: An answer is not what any answer must be.
    """
    rnd = random.Random(seed)
    until = time.monotonic() + seconds
    succeeded = 0
    async with caller_of(backend, transport) as caller:
        while time.monotonic() < until:
            succeeded += await caller.call(*hostile_request(rnd))
        kept = pb.PutRequest(key="fuzz:after", data=b"still here")
        assert await caller.call("Put", kept.SerializeToString())
        assert await caller.call("Get", pb.GetRequest(key="fuzz:after").SerializeToString())
    return succeeded
