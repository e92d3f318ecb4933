"""What traces cost a Get: sidecars with and without them, measured in turn.

All keep their records in the responder of `bench.wire_call`, which answers each request with
the same bytes, and export to a collector that takes everything. Only the sidecars' own CPU
time counts. Run: ``.venv/bin/python -m bench.traces_cost [calls] [rounds]``.
"""

import asyncio
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

import grpc

from bench import servers, wire_call
from pannier.v1 import storage_pb2 as pb

CALLERS: Final = 16
GET: Final = "/pannier.v1.StorageBackend/Get"

# What each sidecar is told: its flags, and which part of the traces it records.
SIDECARS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "off": ((), "1"),
    "one trace in a hundred": (("--traces",), "0.01"),
    "every trace": (("--traces",), "1"),
}


class _Collector(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def collector() -> Iterator[str]:
    """Run a collector in this process; yield its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Collector) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextmanager
def responder() -> Iterator[str]:
    """Run what stands in for DynamoDB; yield the URL of a store in it."""
    process = subprocess.Popen(
        [sys.executable, str(Path(wire_call.__file__)), "--serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    port = int(process.stdout.readline())
    try:
        yield f"dynamodb://pmcp_tasks?region=eu-west-1&endpoint=http://127.0.0.1:{port}"
    finally:
        process.stdin.close()
        process.wait(10)


async def get(address: str, calls: int) -> None:
    """Make calls over one connection, some at a time."""
    request = pb.GetRequest(key="a:b").SerializeToString()
    async with grpc.aio.insecure_channel(address) as channel:
        method: Any = channel.unary_unary(GET)

        async def caller() -> None:
            for _ in range(calls // CALLERS):
                await method(request)

        await asyncio.gather(*(caller() for _ in range(CALLERS)))


def measure(server: servers.Server, calls: int) -> float:
    """Return a sidecar's CPU time for a call, in microseconds."""
    before = server.cpu_seconds()
    asyncio.run(get(server.address, calls))
    return (server.cpu_seconds() - before) / calls * 1e6


def start(store: str, stack: ExitStack) -> dict[str, servers.Server]:
    """Start a sidecar of each kind."""
    running = {}
    for name, (flags, ratio) in SIDECARS.items():
        os.environ["OTEL_TRACES_SAMPLER_ARG"] = ratio
        running[name] = stack.enter_context(servers.sidecar(store, *flags, wait=False))
    return running


def main(calls: int, rounds: int) -> None:
    """Print the median of each sidecar's rounds."""
    os.environ.update(wire_call.KEYS)
    os.environ["OTEL_TRACES_SAMPLER"] = "parentbased_traceidratio"
    with ExitStack() as stack:
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = stack.enter_context(collector())
        running = start(stack.enter_context(responder()), stack)
        for server in running.values():
            measure(server, calls // 4)
        found: dict[str, list[float]] = {name: [] for name in running}
        for _ in range(rounds):
            for name, server in running.items():
                found[name].append(measure(server, calls))
    base = statistics.median(found["off"])
    for name, costs in found.items():
        cost = statistics.median(costs)
        spread = f"{min(costs):.1f} to {max(costs):.1f}"
        print(f"{name:<24} {cost:7.1f} us CPU per Get ({spread}), {cost - base:+.1f}")


if __name__ == "__main__":
    main(*(int(given) for given in (sys.argv[1:] or ["8000", "5"])))
