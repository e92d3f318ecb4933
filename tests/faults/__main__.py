"""A fault proxy as a process of its own: ``python -m tests.faults http://127.0.0.1:8000``."""

import argparse
import asyncio
import signal

from tests.faults.kinds import Fault
from tests.faults.proxy import fault_proxy
from tests.faults.schedules import Seeded


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("engine", metavar="URL", help="the endpoint of DynamoDB Local")
    parser.add_argument("--port", type=int, default=0, help="where to listen (default: any)")
    parser.add_argument(
        "--operations-per-second",
        metavar="N",
        type=float,
        help="answer what goes beyond it as a throttled table does",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the faults (default: 0)")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME=RATE",
        type=_fault,
        help=f"the share of requests that meet it; of {', '.join(f.name.lower() for f in Fault)}",
    )
    return parser.parse_args()


def _fault(text: str) -> tuple[Fault, float]:
    name, _, rate = text.partition("=")
    try:
        return Fault[name.upper()], float(rate)
    except (KeyError, ValueError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a fault's NAME=RATE") from None


async def _run(arguments: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with fault_proxy(
        arguments.engine,
        Seeded(arguments.seed, dict(arguments.fault)),
        operations_per_second=arguments.operations_per_second,
        port=arguments.port,
    ) as proxy:
        print(f"listening on {proxy.endpoint}", flush=True)
        await stopped.wait()
        for fault, count in sorted(proxy.journal.injected.items()):
            print(f"{count:8} {fault}")


if __name__ == "__main__":
    asyncio.run(_run(_arguments()))
