"""Soak a sidecar: ``make soak``, or for shorter ``make soak ARGS='--minutes 5'``."""

import argparse
import asyncio
import sys

from tests.engines import aws_environment
from tests.engines.dynamodb_local import running_engine
from tests.soak import page
from tests.soak.soak import soak

PAGE_MINUTES = 30.0


def main() -> int:
    """Run it; return 1 where something is wrong."""
    parser = argparse.ArgumentParser(
        prog="make soak",
        description="Half of what a sidecar on DynamoDB Local can do, with faults, for long.",
    )
    parser.add_argument("--minutes", type=float, default=PAGE_MINUTES, help="default: %(default)g")
    options = parser.parse_args()
    aws_environment.isolate()
    with running_engine() as engine:
        result = asyncio.run(
            soak(options.minutes * 60, engine.endpoint, lambda line: print(line, flush=True))
        )
    print(f"\n{page.table(result)}\n")
    for fault, count in sorted(result.injected.items()):
        print(f"{count:8,} {fault}")
    print(f"actions: {dict(result.calls)}\nerrors: {dict(result.failed)}")
    wrong = result.shortcomings(memory_counts=True)
    print("\n".join(wrong) or "nothing is wrong")
    if not wrong and options.minutes >= PAGE_MINUTES:
        page.write(result)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
