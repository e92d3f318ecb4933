"""The runner's command line; see the README of the scenarios."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pannier
from tests.client_python.blocking_aio import BlockingAioStore
from tests.conformance.python_runner.control import Control
from tests.conformance.python_runner.count import count
from tests.conformance.python_runner.overhead import overhead
from tests.conformance.python_runner.scenarios import run_files


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say; return the exit code."""
    options = _options(arguments)
    open_store = BlockingAioStore if options.aio else pannier.connect
    if options.task == "scenarios":
        control = Control(options.control)
        failed = run_files(options.files, control, open_store, options.only)
        control.close()
        return int(failed > 0)
    if options.task == "count":
        print(
            count(
                open_store,
                options.address,
                owner=options.owner,
                keys=options.keys,
                writers=options.writers,
                total=options.increments,
            )
        )
    else:
        print(overhead(options.address, calls=options.calls, rounds=options.rounds))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python_runner")
    parser.add_argument("--aio", action="store_true", help="the asyncio client")
    tasks = parser.add_subparsers(dest="task", required=True)
    scenarios = tasks.add_parser("scenarios")
    scenarios.add_argument("control", metavar="CONTROL_ADDRESS")
    scenarios.add_argument("files", nargs="+", type=Path, metavar="FILE")
    scenarios.add_argument("--only", default="", metavar="TEXT")
    counting = tasks.add_parser("count")
    counting.add_argument("address", metavar="SIDECAR_ADDRESS")
    counting.add_argument("--owner", required=True)
    for name in ("keys", "writers", "increments"):
        counting.add_argument(f"--{name}", type=int, required=True)
    measuring = tasks.add_parser("overhead")
    measuring.add_argument("address", metavar="SIDECAR_ADDRESS")
    measuring.add_argument("--calls", type=int, required=True)
    measuring.add_argument("--rounds", type=int, required=True)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
