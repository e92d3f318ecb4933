"""Calls of every method that there is, told by the service descriptors."""

from collections.abc import Mapping
from dataclasses import dataclass

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from pannier.v1 import storage_pb2 as pb
from pannier_server.service.reflection import V1

SECONDS = 20

STORAGE = pb.DESCRIPTOR.services_by_name["StorageBackend"]
HEALTH = health_pb2.DESCRIPTOR.services_by_name["Health"]
REFLECTION = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"]

# A method that is not here fails a test of `test_every_call`.
ACTIONS = {
    "Get": "read",
    "ListByPrefix": "read",
    "Put": "write",
    "PutIfVersion": "write",
    "Delete": "write",
    "CleanupExpired": "cleanup",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a call."""

    code: grpc.StatusCode
    error: grpc.aio.AioRpcError | None = None


def storage_path(method: str) -> str:
    return f"/{STORAGE.full_name}/{method}"


def health_paths() -> list[str]:
    return [f"/{HEALTH.full_name}/{method.name}" for method in HEALTH.methods]


def reflection_paths() -> list[str]:
    names = [REFLECTION.full_name, V1]
    return [f"/{name}/{method.name}" for name in names for method in REFLECTION.methods]


def request_to(method: str, owner: str) -> Message:
    """Return a request that is well but for who may make it."""
    requests: Mapping[str, Message] = {
        "Get": pb.GetRequest(key=f"{owner}:n"),
        "ListByPrefix": pb.ListByPrefixRequest(prefix=f"{owner}:"),
        "Put": pb.PutRequest(key=f"{owner}:n", data=b"x"),
        "PutIfVersion": pb.PutIfVersionRequest(key=f"{owner}:new", data=b"x"),
        "Delete": pb.DeleteRequest(key=f"{owner}:n"),
        "CleanupExpired": pb.CleanupExpiredRequest(prefix=f"{owner}:"),
    }
    return requests[method]


async def call(
    channel: grpc.aio.Channel,
    path: str,
    request: bytes = b"",
    *,
    token: str | None = None,
    metadata: tuple[tuple[str, str], ...] = (),
) -> Answer:
    """Call a method of any kind with one request, and return what became of it.

    On the wire all kinds of calls are alike: a stream of messages each way.
    """
    if token is not None:
        metadata = (("authorization", f"Bearer {token}"), *metadata)
    method: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(path)
    stream = method(request, timeout=SECONDS, metadata=metadata)
    try:
        async for _ in stream:
            if path.endswith("/Watch"):
                # It never ends by itself.
                stream.cancel()
                return Answer(grpc.StatusCode.OK)
    except grpc.aio.AioRpcError as error:
        return Answer(error.code(), error)
    return Answer(await stream.code())
