"""Run the fuzzers for as long as one likes: ``make fuzz ARGS='--seconds 3600'``."""

import argparse
import asyncio
import random
import tempfile
from pathlib import Path

from tests.engines import aws_environment
from tests.engines.dynamodb_local import running_engine
from tests.engines.table import Table, create_table
from tests.fuzz.targets import FUZZERS


def main() -> None:
    """Run those that the command line names, in turns, each with a seed of its own."""
    parser = argparse.ArgumentParser(
        prog="make fuzz", description="Sends hostile requests, rows and bytes to sidecars."
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="for all; default: 60")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--only", choices=FUZZERS, help="one of them")
    arguments = parser.parse_args()
    aws_environment.isolate()
    names = [arguments.only] if arguments.only else list(FUZZERS)
    with running_engine() as engine, tempfile.TemporaryDirectory() as folder:
        table = create_table(Table("fuzzed", endpoint=engine.endpoint))
        for name in names:
            print(f"{name}: --only '{name}' --seed {arguments.seed}", flush=True)
            fuzz = FUZZERS[name]
            share = arguments.seconds / len(names)
            count = asyncio.run(fuzz(Path(folder), table, share, arguments.seed))
            print(f"{name}: {count:,} without a fault", flush=True)


if __name__ == "__main__":
    main()
