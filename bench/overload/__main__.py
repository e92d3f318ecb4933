"""Offers ten times what a table takes, and measures the calls that are let in.

Run by ``make overload``. DynamoDB Local stands behind a proxy that throttles it to so many
operations a second, as DynamoDB does; the sidecar stands before that. In one run for each
transport, calls come at half of that rate and then at ten times of it, from one owner that
asks for almost all and one that asks for less than its share.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import grpc

from bench.overload.caller import KEY
from bench.overload.figures import Ended, Row, Seen, table
from bench.servers import Server, ServerFailed, sidecar
from pannier.v1.storage_pb2 import PutRequest
from pannier.v1.storage_pb2_grpc import StorageBackendStub
from tests.engines import aws_environment
from tests.engines.dynamodb_local import running_engine
from tests.engines.process import ServerProcess
from tests.engines.table import Table, create_table

LARGE, SMALL = "large", "small"
TRANSPORTS = ("h2", "grpcio")
WARM_UP_SECONDS = 3.0
START_SECONDS = 20.0
OVERTIME_SECONDS = 30.0
_LISTENS = re.compile(r"listening on (http://\S+)")
_THROTTLED = re.compile(r"(\d+) throttled: the table")


def main() -> int:
    """Measure; return 1 where a promise was not kept."""
    options = _options()
    aws_environment.isolate()
    rows: list[Row] = []
    try:
        with running_engine() as engine:
            create_table(Table("overload", endpoint=engine.endpoint))
            for transport in options.only:
                rows += _measure(engine.endpoint, transport, options.capacity, options.seconds)
    except (ServerFailed, subprocess.TimeoutExpired) as problem:
        sys.exit(str(problem))
    print(f"\n{table(rows)}")
    return int(any(row.missed for row in rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make overload", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=15.0, help="of each; default: %(default)s")
    parser.add_argument(
        "--capacity", type=float, default=200.0, help="operations a second; default: %(default)s"
    )
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        default=list(TRANSPORTS),
        metavar="TRANSPORT,...",
        help="default: h2,grpcio",
    )
    return parser.parse_args()


def _measure(engine: str, transport: str, capacity: float, seconds: float) -> Sequence[Row]:
    """Run all phases over one transport, one after another."""
    rows: list[Row] = []
    with _throttling_proxy(engine, capacity) as proxy:
        store = Table("overload", endpoint=proxy.endpoint).store_url
        with sidecar(store, "--transport", transport) as server:
            _put_records(server)
            for method in ("Get", "Put"):
                _call(server, method, {LARGE: capacity / 2}, WARM_UP_SECONDS)
                half = _call(server, method, {LARGE: capacity / 2}, seconds)
                rows.append(Row(transport, f"{method}, half of the capacity", half, half))
                # A tenth of the capacity, and almost half of it, which is its fair share.
                for part in (0.1, 0.45):
                    loads = {LARGE: (10 - part) * capacity, SMALL: part * capacity}
                    seen = _call(server, method, loads, seconds)
                    load = f"{method}, 10 times; small owner {part * capacity:.0f}/s"
                    rows.append(Row(transport, load, seen, half, SMALL))
                    _say(rows[-1])
    served = sum(row.seen.served for row in rows) * seconds
    print(f"{transport}: the table throttled {proxy.throttled()} requests and served {served:.0f}")
    return rows


class _Proxy:
    """A running proxy.

    Attributes:
        endpoint: Where it listens.
    """

    def __init__(self, process: ServerProcess) -> None:
        self._process = process
        end = time.monotonic() + START_SECONDS
        while not (found := _LISTENS.search(process.log_tail())):
            if process.wait(0.02) is not None or time.monotonic() > end:
                raise ServerFailed(f"the proxy does not start:\n{process.log_tail()}")
        self.endpoint = found[1]

    def throttled(self) -> int:
        """Return how many requests it has throttled, once it has ended."""
        found = _THROTTLED.search(self._process.log_tail())
        return int(found[1]) if found else 0


@contextmanager
def _throttling_proxy(engine: str, capacity: float) -> Iterator[_Proxy]:
    rate = ["--operations-per-second", str(capacity)]
    process = ServerProcess([sys.executable, "-u", "-m", "tests.faults", engine, *rate])
    try:
        yield _Proxy(process)
    finally:
        process.stop()


def _put_records(server: Server) -> None:
    with grpc.insecure_channel(server.address) as channel:
        stub = StorageBackendStub(channel)  # type: ignore[no-untyped-call]
        for owner in (LARGE, SMALL):
            stub.Put(PutRequest(key=f"{owner}:{KEY}", data=bytes(256)), timeout=10)


def _call(server: Server, method: str, loads: dict[str, float], seconds: float) -> Seen:
    command = [sys.executable, "-m", "bench.overload.caller", server.address]
    command += ["--method", method, "--seconds", str(seconds)]
    for owner, rate in loads.items():
        command += ["--load", f"{owner}={rate}"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + OVERTIME_SECONDS, check=False
    )
    if done.returncode:
        raise ServerFailed(f"the caller failed:\n{done.stderr}")
    calls: list[Ended] = [tuple(call) for call in json.loads(done.stdout)]
    return Seen.of(calls, seconds)


def _say(row: Row) -> None:
    verdict = f"MISSED: {', '.join(row.missed)}" if row.missed else "kept"
    found = f"{row.transport}, {row.load}: p99 {row.seen.p99 * 1e3:.1f} ms, {row.ratio:.1f} of half"
    print(f"{found}; {verdict} {dict(row.seen.others) or ''}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
