"""The servers under load, each in a process of its own, and what they use."""

import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from bench import usage
from bench.ghz_runs import CHECKOUT
from tests.engines.process import ServerProcess, free_port

PANNIER = CHECKOUT / ".venv" / "bin" / "pannier"
PROGRAMS = CHECKOUT / ".cache" / "bin"
SERVICE = "pannier.v1.StorageBackend"
START_SECONDS = 30
POLL_SECONDS = 0.001


class ServerFailed(Exception):
    """A server did not start; the message has what it printed."""


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        address: HOST:PORT or unix:PATH.
        process: The process, which may have children.
        authority: The certificate that clients have to trust; None without TLS.
    """

    address: str
    process: ServerProcess
    authority: Path | None = None

    def cpu_seconds(self) -> float:
        """Return the CPU time, user and system, of the process and all its children so far."""
        return usage.cpu_seconds(self.process.pid)


@dataclass(frozen=True)
class Certificate:
    """Files in PEM: a server's certificate with its key, and who signed it."""

    certificate: Path
    key: Path
    authority: Path


def free_address() -> str:
    """Return an address on loopback that nobody listens on."""
    return f"127.0.0.1:{free_port()}"


@contextmanager
def sidecar(
    store_url: str,
    *flags: str,
    address: str | None = None,
    certificate: Certificate | None = None,
    wait: bool = True,
) -> Iterator[Server]:
    """Run ``pannier serve`` on ``store_url`` until the block ends.

    Args:
        store_url: Where it keeps records.
        flags: More flags.
        address: HOST:PORT or unix:PATH; None for a free port.
        certificate: For TLS, on TCP only.
        wait: Begin the block when its store answers, not as soon as it listens.
    """
    address = address or free_address()
    command: list[str | Path] = [PANNIER, "serve", "--store", store_url, "--listen", address]
    command += flags
    if certificate:
        command += ["--tls-cert", certificate.certificate, "--tls-key", certificate.key]
    with running(command, address, certificate.authority if certificate else None) as server:
        if wait:
            _wait_until_it_serves(server)
        yield server


@contextmanager
def contender(name: str, *arguments: str) -> Iterator[Server]:
    """Run the module ``name`` of `bench.contenders` until the block ends."""
    address = free_address()
    command = [sys.executable, "-m", f"bench.contenders.{name}", address, *arguments]
    with running(command, address) as server:
        yield server


@contextmanager
def program(name: str, *arguments: str) -> Iterator[Server]:
    """Run a program that the Makefile built, with ``-listen``, until the block ends."""
    address = free_address()
    with running([PROGRAMS / name, "-listen", address, *arguments], address) as server:
        yield server


@contextmanager
def running(
    command: Sequence[str | Path], address: str, authority: Path | None = None
) -> Iterator[Server]:
    """Run a command until the block ends; wait until it accepts connections on ``address``."""
    process = ServerProcess(command, cwd=CHECKOUT)
    try:
        wait_until_it_accepts(process, address)
        yield Server(address, process, authority)
    finally:
        process.stop()


def wait_until_it_accepts(process: ServerProcess, address: str) -> None:
    """Return as soon as a connection can be made to ``address``.

    Raises:
        ServerFailed: The process ended, or 30 seconds passed.
    """
    end = time.monotonic() + START_SECONDS
    while not _accepts(address):
        if process.wait(POLL_SECONDS) is not None or time.monotonic() > end:
            log = process.log_tail()
            raise ServerFailed(f"nothing accepts connections on {address}:\n{log}")


def channel(address: str, authority: Path | None) -> grpc.Channel:
    """Return a gRPC channel to a server."""
    if authority is None:
        return grpc.insecure_channel(address)
    credentials = grpc.ssl_channel_credentials(authority.read_bytes())
    return grpc.secure_channel(address, credentials)


def _accepts(address: str) -> bool:
    path = address.removeprefix("unix:")
    try:
        if path != address:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(path)
        else:
            host, _, port = address.rpartition(":")
            socket.create_connection((host, int(port)), START_SECONDS).close()
    except OSError:
        return False
    return True


def _wait_until_it_serves(server: Server) -> None:
    request = health_pb2.HealthCheckRequest(service=SERVICE)
    with channel(server.address, server.authority) as connected:
        for answer in health_pb2_grpc.HealthStub(connected).Watch(request, timeout=START_SECONDS):
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                return
    raise ServerFailed(f"{SERVICE} on {server.address} stopped watching its health")
