"""What traces cost a Get: sidecars with and without them, measured in short turns.

All keep their records in the responder of `bench.wire_call`, which answers each request with
the same bytes, and export to a collector that takes everything. Only the sidecars' own CPU
time counts. Each round has new sidecars, which take turns in an order that is reversed from
one turn to the next, so that a machine which gets slower favours none; what traces cost is
the ratio within a round. Run: ``.venv/bin/python -m bench.traces_cost [calls] [rounds]``,
with the calls of each sidecar in a round.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

import grpc

from bench import servers, wire_call
from bench.comparison.rounds import in_turn
from pannier.v1 import storage_pb2 as pb

CALLERS: Final = 16
TURNS: Final = 10
EXPORT_SECONDS: Final = 0.1
"""How long spans wait at most. Under this load a batch is full as soon."""
GET: Final = "/pannier.v1.StorageBackend/Get"

WITHOUT: Final = "off"
# What each sidecar is told: its flags, and which part of the traces it records.
SIDECARS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    WITHOUT: ((), "1"),
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
    # The last spans are exported after the last call, and are part of what it costs.
    time.sleep(2.5 * EXPORT_SECONDS)
    return (server.cpu_seconds() - before) / calls * 1e6


def one_round(store: str, calls: int, number: int) -> dict[str, float]:
    """Return the CPU time for a call of each sidecar, over all turns of a round."""
    with ExitStack() as stack:
        running = start(store, stack)
        turn_calls = max(CALLERS, calls // TURNS)
        for server in running.values():
            measure(server, 2 * turn_calls)
        found: dict[str, list[float]] = {name: [] for name in running}
        for turn in range(TURNS):
            for name in in_turn(list(running), number + turn):
                found[name].append(measure(running[name], turn_calls))
    return {name: statistics.fmean(costs) for name, costs in found.items()}


def start(store: str, stack: ExitStack) -> dict[str, servers.Server]:
    """Start a sidecar of each kind."""
    running = {}
    for name, (flags, ratio) in SIDECARS.items():
        os.environ["OTEL_TRACES_SAMPLER_ARG"] = ratio
        running[name] = stack.enter_context(servers.sidecar(store, *flags, wait=False))
    return running


def main(calls: int, rounds: int) -> None:
    """Print the median of each sidecar's rounds, and of what it is to the one without."""
    os.environ.update(wire_call.KEYS)
    os.environ["OTEL_BSP_SCHEDULE_DELAY"] = str(round(EXPORT_SECONDS * 1000))
    os.environ["OTEL_TRACES_SAMPLER"] = "parentbased_traceidratio"
    with ExitStack() as stack:
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = stack.enter_context(collector())
        store = stack.enter_context(responder())
        found = []
        for number in range(rounds):
            print(f"Round {number + 1} of {rounds}", file=sys.stderr, flush=True)
            found.append(one_round(store, calls, number))
    for name in SIDECARS:
        cost = statistics.median(each[name] for each in found)
        ratios = [each[name] / each[WITHOUT] for each in found]
        ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"{name:<24} {cost:7.1f} us CPU per Get, to without: {ratio}")


if __name__ == "__main__":
    main(*(int(given) for given in (sys.argv[1:] or ["16000", "5"])))
