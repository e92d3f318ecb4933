"""The servers under load, each in a process of its own, and the CPU time they use."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from bench.ghz_runs import CHECKOUT
from tests.engines.process import ServerProcess, free_port

PANNIER = CHECKOUT / ".venv" / "bin" / "pannier"
SERVICE = "pannier.v1.StorageBackend"
START_SECONDS = 30
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class ServerFailed(Exception):
    """A server did not start; the message has what it printed."""


@dataclass(frozen=True)
class Server:
    """A running server."""

    address: str
    process: ServerProcess

    def cpu_seconds(self) -> float:
        """Return the CPU time, user and system, of the process and all its children so far."""
        return _ticks(self.process.pid) / TICKS_PER_SECOND


@contextmanager
def sidecar(store_url: str) -> Iterator[Server]:
    """Run ``pannier serve`` on ``store_url`` until the block ends."""
    address = f"127.0.0.1:{free_port()}"
    with _running([PANNIER, "serve", "--store", store_url, "--listen", address], address) as server:
        _wait_until_it_serves(server)
        yield server


@contextmanager
def contender(name: str, *arguments: str) -> Iterator[Server]:
    """Run the module ``name`` of `bench.contenders` until the block ends."""
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", f"bench.contenders.{name}", address, *arguments]
    with _running(command, address) as server:
        yield server


@contextmanager
def _running(command: Sequence[str | Path], address: str) -> Iterator[Server]:
    process = ServerProcess(command, cwd=CHECKOUT)
    try:
        _wait_until_it_accepts(process, address)
        yield Server(address, process)
    finally:
        process.stop()


def _wait_until_it_accepts(process: ServerProcess, address: str) -> None:
    with grpc.insecure_channel(address) as channel:
        ready = grpc.channel_ready_future(channel)
        for _ in range(START_SECONDS * 10):
            try:
                return ready.result(timeout=0.1)
            except grpc.FutureTimeoutError:
                if process.wait(0) is not None:
                    break
        ready.cancel()
    raise ServerFailed(f"nothing accepts connections on {address}:\n{process.log_tail()}")


def _wait_until_it_serves(server: Server) -> None:
    request = health_pb2.HealthCheckRequest(service=SERVICE)
    with grpc.insecure_channel(server.address) as channel:
        for answer in health_pb2_grpc.HealthStub(channel).Watch(request, timeout=START_SECONDS):
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                return
    raise ServerFailed(f"{SERVICE} on {server.address} stopped watching its health")


def _ticks(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return 0
    # Fields 14 to 17 of proc(5): utime, stime and those of children that have ended. The
    # second field, the command's name, can hold spaces and ends at the last parenthesis.
    own = sum(int(field) for field in stat.rpartition(")")[2].split()[11:15])
    return own + sum(_ticks(child) for child in _children(pid))


def _children(pid: int) -> Iterator[int]:
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        yield from (int(child) for child in listing.read_text().split())
