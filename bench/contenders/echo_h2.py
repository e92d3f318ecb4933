"""The least that a server on our own transport can do: answer ``bench.Echo/Call`` with the request.

Run as ``python -m bench.contenders.echo_h2 HOST:PORT``.
"""

import asyncio
import socket
import sys

import grpc
import uvloop

from pannier_server.transport.h2 import Limits, Server

BACKLOG = 1024


async def echo(request: bytes, _context: object) -> bytes:
    """Answer the request."""
    return request


async def serve(address: str) -> None:
    """Serve on ``address`` until the process is ended."""
    server = Server(limits=Limits())
    server.add_generic_rpc_handlers(
        [
            grpc.method_handlers_generic_handler(
                "bench.Echo", {"Call": grpc.unary_unary_rpc_method_handler(echo)}
            )
        ]
    )
    host, _, port = address.rpartition(":")
    await server.start([socket.create_server((host, int(port)), backlog=BACKLOG)])
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
