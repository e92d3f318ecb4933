"""CPU and time of one Get and one Put through the SQLite backend.

    python bench/sqlite_ops.py [--seconds 2] [--bytes 1024] [--callers 1 32] [--folder DIR]

Prints microseconds of CPU (all threads of this process, loop and client included) and
operations per second. Nothing but the backend runs: no gRPC.
"""

import argparse
import asyncio
import os
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable

import uvloop

from pannier_server.backends.contract import Call, Key, Write
from pannier_server.backends.registry import create_backend

KEYS = 2_000


def call() -> Call:
    """Return a call of now, with the server's default deadline."""
    return Call(now=int(time.time()), deadline=asyncio.get_running_loop().time() + 10)


async def measure(
    name: str, callers: int, seconds: float, once: Callable[[int], Awaitable[object]]
) -> None:
    """Run an operation from so many callers at once and print what one of it costs."""
    done = 0
    end = time.monotonic() + seconds

    async def caller(number: int) -> None:
        nonlocal done
        while time.monotonic() < end:
            await once(number + done)
            done += 1

    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(caller(number) for number in range(callers)))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(
        f"{name}, {callers:3d} callers: {cpu / done * 1e6:6.1f} us CPU, "
        f"{wall / done * callers * 1e6:8.1f} us each, {done / wall:8,.0f}/s"
    )


async def run(arguments: argparse.Namespace) -> None:
    """Fill a new store, then measure."""
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        backend = create_backend(f"sqlite://{folder}/bench.db")
        await backend.open()
        data = b"x" * arguments.bytes

        def put(number: int) -> Awaitable[object]:
            write = Write(data, None, str(uuid.uuid4()))
            return backend.put(Key("bench", f"{number % KEYS:06}"), write, call())

        def get(number: int) -> Awaitable[object]:
            return backend.get(Key("bench", f"{number % KEYS:06}"), consistent=True, call=call())

        for start in range(0, KEYS, 100):
            await asyncio.gather(*(put(number) for number in range(start, start + 100)))
        for callers in arguments.callers:
            await measure("Get", callers, arguments.seconds, get)
            await measure("Put", callers, arguments.seconds, put)
        await backend.close()


def main() -> None:
    """Parse the command line and run on uvloop."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="for each measurement")
    parser.add_argument("--bytes", type=int, default=1024, help="size of a record's data")
    parser.add_argument("--callers", type=int, nargs="+", default=[1, 32])
    parser.add_argument(
        "--folder", type=os.path.abspath, help="where the file goes (default: the temporary folder)"
    )
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
