"""The server under attack: a sidecar over a store in memory, with what it uses."""

import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from bench import usage
from bench.attacks.attacker import LARGE_KEY, SMALL_KEY
from bench.servers import PANNIER, Server, ServerFailed
from pannier.v1.storage_pb2 import PutRequest
from pannier.v1.storage_pb2_grpc import StorageBackendStub
from tests.engines.process import ServerProcess

START_SECONDS = 20
LOG_BYTES = 4_000
"""How much of the log an error shows."""
RECORDS = {SMALL_KEY: 1024, LARGE_KEY: 300 * 1024}
SERVES = re.compile(r" on (127\.0\.0\.1:\d+)")


@dataclass(frozen=True)
class AttackedServer:
    """A running sidecar."""

    server: Server
    log: Path

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return self.server.address

    @property
    def pid(self) -> int:
        """The process; it has no children."""
        return self.server.process.pid

    def cpu_seconds(self) -> float:
        """Return the CPU time that it has used so far."""
        return usage.cpu_seconds(self.pid)

    def memory(self) -> int:
        """Return its resident memory in bytes.

        Raises:
            ServerFailed: it has ended.
        """
        resident = usage.resident_bytes(self.pid)
        if not resident:
            raise ServerFailed(f"the server has ended:\n{self.log.read_text()[-LOG_BYTES:]}")
        return resident

    def memory_peak(self) -> int:
        """Return the most that `memory` was since `forget_peak`."""
        return usage.peak_bytes(self.pid)

    def forget_peak(self) -> None:
        """Look for the peak of memory anew."""
        usage.forget_peak(self.pid)

    def tracebacks(self) -> int:
        """Return how many exceptions it has logged."""
        return self.log.read_bytes().count(b"Traceback (most recent call last)")


@contextmanager
def attacked_server(transport: str) -> Iterator[AttackedServer]:
    """Run a sidecar on ``transport``, with the records that attacks and victims get.

    Raises:
        ServerFailed: it does not start.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        process = ServerProcess(_command(transport, log))
        try:
            server = Server(_address(process, log), process)
            _put_records(server.address)
            yield AttackedServer(server, log)
        finally:
            process.stop()


def _command(transport: str, log: Path) -> list[str]:
    serve = [str(PANNIER), "serve", "--store", "memory:", "--transport", transport]
    # The shell gives the log a file of its own and is gone; what remains is the server.
    keep_log = 'log="$1"; shift; exec "$@" 2>"$log"'
    # Stopping does not wait for what an attack has left behind.
    limits = ["--listen", "127.0.0.1:0", "--grace", "0s"]
    return ["/bin/sh", "-c", keep_log, "sh", str(log), *serve, *limits]


def _address(process: ServerProcess, log: Path) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.wait(0.02) is None:
        if found := SERVES.search(process.log_tail()):
            return found[1]
    raise ServerFailed(f"pannier serve does not start:\n{log.read_text()[-LOG_BYTES:]}")


def _put_records(address: str) -> None:
    with grpc.insecure_channel(address) as channel:
        stub = StorageBackendStub(channel)  # type: ignore[no-untyped-call]
        for key, size in RECORDS.items():
            stub.Put(PutRequest(key=key, data=bytes(size)), wait_for_ready=True, timeout=10)
