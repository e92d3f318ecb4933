"""Measures a cold start of the Lambda layer: from the start of the process to the first Get.

Run by ``make cold-start``. A stand-in of Lambda's API starts the program of the layer, waits
until it asks for the next event, as Lambda does before the first invocation, and then makes
one call. The store is the responder with fixed answers, so what is measured is ours. In AWS
the function starts meanwhile, from the registration on.
"""

import argparse
import asyncio
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench import usage
from bench.comparison.stores import fixed_responder
from bench.ghz_runs import CHECKOUT
from bench.servers import ServerFailed
from pannier.v1 import storage_pb2 as pb
from tests.bundle.sandbox import LAYER
from tests.engines import aws_environment
from tests.extension.conftest import connected
from tests.extension.processes import extension
from tests.extension.runtime_api import SHUTDOWN_SECONDS, runtime_api

GOAL_MS = 400
GOAL_MEGABYTES = 60
REST_SECONDS = 1.0

IMPORTS = (
    "import pannier_server.extension.run, pannier_server.app, pannier_server.transport.h2_sidecar, "
    "pannier_server.backends.dynamodb, uvloop"
)
_PART = re.compile(r"([a-z]+) (\d+)(?=[,)])")
_SHOWN_PACKAGES = 12


@dataclass(frozen=True)
class Start:
    """One cold start. Times are in milliseconds from the start of the process.

    Attributes:
        registered: When Lambda would have started the function's runtime.
        ready: When it would have made the first invocation.
        answered: When the first Get was answered.
        cpu: What it has used of the CPU until then; other load does not change it much.
        parts: How long each step took, as the extension itself says.
        megabytes: Its memory at rest.
        shutdown: How long it took to end.
    """

    registered: float
    ready: float
    answered: float
    cpu: float
    parts: dict[str, float]
    megabytes: float
    shutdown: float


def main() -> int:
    """Measure, print, and return 1 where a goal was missed."""
    options = _options()
    aws_environment.isolate()
    with TemporaryDirectory() as folder, fixed_responder() as store:
        program = _unpack(Path(folder))
        try:
            starts = [
                asyncio.run(_start(program, Path(folder), store.url))
                for _ in range(options.rounds + 1)
            ]
        except ServerFailed as failed:
            sys.exit(str(failed))
    # The first one reads the files from the disk.
    met = _report(starts[1:])
    if options.imports:
        _report_imports()
    return int(not met)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make cold-start", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="default: %(default)s")
    parser.add_argument(
        "--no-imports",
        dest="imports",
        action="store_false",
        help="leave out what imports take, which is measured with the checkout's Python",
    )
    return parser.parse_args()


def _unpack(folder: Path) -> Path:
    with zipfile.ZipFile(LAYER) as archive:
        archive.extractall(folder)
    program = folder / "extensions" / "pannier"
    program.chmod(0o755)
    return program


async def _start(program: Path, folder: Path, store: str) -> Start:
    run = folder / "run"
    run.mkdir()
    try:
        async with runtime_api() as api, connected(run / "pannier.sock") as stub:
            began = time.perf_counter()
            with extension(
                run, api.address, {"PANNIER_STORE": store}, command=[program]
            ) as running:
                await api.registered.wait()
                registered = time.perf_counter()
                await api.ready()
                ready = time.perf_counter()
                await stub.Get(pb.GetRequest(key="load-0:bytes-1024-0"))
                answered = time.perf_counter()
                cpu = usage.cpu_seconds(running.process.pid)
                await asyncio.sleep(REST_SECONDS)
                memory = usage.resident_bytes(running.process.pid)
                api.shut_down()
                told = time.perf_counter()
                if await running.ended() != 0:
                    raise ServerFailed(running.said())
                ended = time.perf_counter()
                said = running.said()
    finally:
        shutil.rmtree(run)
    line = next(line for line in said.splitlines() if " after " in line)
    return Start(
        registered=(registered - began) * 1000,
        ready=(ready - began) * 1000,
        answered=(answered - began) * 1000,
        cpu=cpu * 1000,
        parts={name: float(took) for name, took in _PART.findall(line)},
        megabytes=memory / 1e6,
        shutdown=(ended - told) * 1000,
    )


def _report(starts: list[Start]) -> bool:
    """Print the medians; return whether the goals were met."""
    print("| from the start of the process to        |   ms |")
    print("| --------------------------------------- | ---: |")
    for name, moments in (
        ("its registration (the function starts)", [start.registered for start in starts]),
        ("its readiness (the first invocation)", [start.ready for start in starts]),
        ("the first answered Get", [start.answered for start in starts]),
        ("CPU until then", [start.cpu for start in starts]),
    ):
        print(f"| {name:<39} | {median(moments):>4.0f} |")
    print("\nof which, as it says itself:")
    for part in starts[0].parts:
        print(f"  {part:<14} {median(start.parts.get(part, 0) for start in starts):>4.0f} ms")
    answered = median(start.answered for start in starts)
    memory = median(start.megabytes for start in starts)
    slowest = max(start.shutdown for start in starts)
    print(f"\nmemory at rest {memory:.0f} MB; slowest end {slowest:.0f} ms")
    met = {
        f"first answered Get within {GOAL_MS} ms": answered <= GOAL_MS,
        f"at most {GOAL_MEGABYTES} MB at rest": memory <= GOAL_MEGABYTES,
        f"ended within {SHUTDOWN_SECONDS:.0f} s": slowest <= SHUTDOWN_SECONDS * 1000,
    }
    for goal, is_met in met.items():
        print(f"{'met' if is_met else 'MISSED'}: {goal}")
    return all(met.values())


def _report_imports() -> None:
    """Print which packages the imports spend their time in."""
    printed = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", IMPORTS],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    spent: Counter[str] = Counter()
    for own, name in re.findall(r"import time: +(\d+) \| +\d+ \| +([\w.]+)", printed):
        spent[name.partition(".")[0]] += int(own)
    print("\nimports, with the checkout's Python and the cost of measuring them:")
    for package, microseconds in spent.most_common(_SHOWN_PACKAGES):
        print(f"  {package:<18} {microseconds / 1000:>5.1f} ms")
    print(f"  {'all together':<18} {spent.total() / 1000:>5.1f} ms")


if __name__ == "__main__":
    sys.exit(main())
