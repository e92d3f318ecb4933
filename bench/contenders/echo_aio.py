"""The least that a gRPC server on grpc.aio can do: answer bytes that are there.

It answers ``bench.Echo/Call`` with the request, and Get and PutIfVersion with a message
that was encoded before, parsing nothing. What it costs is grpc.aio's own cost on uvloop.

Run as ``python -m bench.contenders.echo_aio HOST:PORT``.
"""

import sys
from collections.abc import Mapping

import grpc
import uvloop

from pannier.v1.storage_pb2 import GetResponse, PutIfVersionResponse, Record

DATA = b"012" * 341 + b"0"
ETAG = "1-00000000000000000000000000000000"
ANSWERS: Mapping[str, bytes] = {
    "Get": GetResponse(
        record=Record(key="load-0:record-0", data=DATA, version=1, etag=ETAG)
    ).SerializeToString(),
    "PutIfVersion": PutIfVersionResponse(version=2, etag=ETAG).SerializeToString(),
}


async def echo(request: bytes, _context: object) -> bytes:
    """Answer the request."""
    return request


def handler(answer: bytes) -> "grpc.RpcMethodHandler[bytes, bytes]":
    """Return a unary handler that answers ``answer`` to everything."""

    async def respond(_request: bytes, _context: object) -> bytes:
        return answer

    return grpc.unary_unary_rpc_method_handler(respond)


async def serve(address: str) -> None:
    """Serve on ``address`` until the process is ended."""
    server = grpc.aio.server()
    handlers = {name: handler(answer) for name, answer in ANSWERS.items()}
    server.add_generic_rpc_handlers(
        [
            grpc.method_handlers_generic_handler(
                "bench.Echo", {"Call": grpc.unary_unary_rpc_method_handler(echo)}
            ),
            grpc.method_handlers_generic_handler("pannier.v1.StorageBackend", handlers),
        ]
    )
    server.add_insecure_port(address)
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
