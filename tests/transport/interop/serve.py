"""Serve the interop tests' service in a process of its own, until SIGTERM.

Run as ``python -m tests.transport.interop.serve --transport h2``. It prints
``listening on PORT`` once it takes connections.
"""

import argparse
import asyncio
import signal
import socket
import ssl
from pathlib import Path
from typing import Protocol

import grpc
import uvloop

from tests.transport.interop.service import add_test_service

GRACE_SECONDS = 1.0


class Running(Protocol):
    """A server that listens."""

    async def stop(self, grace: float, /) -> None: ...


async def start_grpcio(arguments: argparse.Namespace) -> tuple[Running, int]:
    """Start grpcio's server, and return it with its port."""
    server = grpc.aio.server()
    add_test_service(server)
    if arguments.tls_cert:
        pair = (arguments.tls_key.read_bytes(), arguments.tls_cert.read_bytes())
        credentials = grpc.ssl_server_credentials([pair])
        port = server.add_secure_port("127.0.0.1:0", credentials)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port


async def start_h2(arguments: argparse.Namespace) -> tuple[Running, int]:
    """Start our own server, and return it with its port."""
    from pannier_server.transport.h2 import Limits, Server

    server = Server(limits=Limits(), tls=tls_context(arguments.tls_cert, arguments.tls_key))
    add_test_service(server)
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    await server.start([listener])
    return server, listener.getsockname()[1]


def tls_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """Return what our server needs for TLS, None for none."""
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    return context


async def serve(arguments: argparse.Namespace) -> None:
    """Serve until SIGTERM."""
    start = {"grpcio": start_grpcio, "h2": start_h2}[arguments.transport]
    server, port = await start(arguments)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    print(f"listening on {port}", flush=True)
    await ended.wait()
    await server.stop(GRACE_SECONDS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transport", choices=["grpcio", "h2"], required=True)
    parser.add_argument("--tls-cert", type=Path, metavar="FILE")
    parser.add_argument("--tls-key", type=Path, metavar="FILE")
    uvloop.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
