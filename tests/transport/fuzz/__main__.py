"""Run the fuzzers for a while: ``python -m tests.transport.fuzz --seconds 600``."""

import argparse
import random
from collections.abc import Callable

from tests.transport.fuzz.connections import fuzz_connections
from tests.transport.fuzz.frames import fuzz_frames
from tests.transport.hpack.fuzz import fuzz_hpack

FUZZERS: dict[str, Callable[[float, int], int]] = {
    "connections": fuzz_connections,
    "frames": fuzz_frames,
    "hpack": fuzz_hpack,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="for each (default: 60)")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--only", choices=FUZZERS, help="one of them")
    arguments = parser.parse_args()
    for name, fuzz in FUZZERS.items():
        if arguments.only in (None, name):
            print(f"{name}: --seed {arguments.seed}", flush=True)
            print(f"{name}: {fuzz(arguments.seconds, arguments.seed)} without a fault", flush=True)


if __name__ == "__main__":
    main()
