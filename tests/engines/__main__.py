"""Runs a DynamoDB engine on this machine until Ctrl-C: ``make dynamodb``.

It is the one that the tests use: DynamoDB Local, or ministack where Java or npm is missing.
"""

import argparse
import signal
import socket
import sys
import threading
from collections.abc import Sequence

from tests.engines.aws_environment import REGION
from tests.engines.dynamodb_local import Engine, Kind, best_kind
from tests.engines.errors import EngineUnavailable
from tests.engines.npm_package import OLDEST_JAVA, problem

PORT = 8000


def main(arguments: Sequence[str]) -> int:
    """Serve until a signal, and return the exit code."""
    parser = argparse.ArgumentParser(prog="make dynamodb ARGS=...", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=PORT, help=f"where to listen on 127.0.0.1 (default: {PORT})"
    )
    port = parser.parse_args(arguments).port
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        _refuse_taken(port)
        engine = _start(port)
    except EngineUnavailable as unavailable:
        print(f"dynamodb: {unavailable}", file=sys.stderr)
        return 1
    try:
        print(_where(engine), flush=True)
        stopped.wait()
    finally:
        engine.stop()
    return 0


def _start(port: int) -> Engine:
    kind = best_kind()
    if kind is Kind.MINISTACK:
        print(
            f"{problem()}, so this is {kind}, which differs from DynamoDB in places. For "
            f"DynamoDB Local, install npm and Java {OLDEST_JAVA} or newer.",
            file=sys.stderr,
        )
    return Engine(kind, port)


def _refuse_taken(port: int) -> None:
    """Raise where something listens on the port already, which might even answer in our place."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise EngineUnavailable(
                f"port {port} is taken; choose another one: make dynamodb ARGS='--port {port + 1}'"
            )


def _where(engine: Engine) -> str:
    return (
        f"{engine.kind} serves on {engine.endpoint} until Ctrl-C; then its tables are gone.\n"
        f"  --store 'dynamodb://TABLE?region={REGION}&endpoint={engine.endpoint}'"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
