"""Measures each RPC of the sidecar with ghz on DynamoDB Local, and prints one table.

Run by ``make load``. In the same run, in turn, it measures a bare grpc.aio echo of the
same messages and a servicer over boto3. CPU time per request is what to compare: it does
not depend on how ghz and the engine share the machine with the server.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from bench import ghz_runs
from bench.report import Line, Measurement, table
from bench.rounds import STEPS, Contest, measure_round
from bench.servers import ServerFailed, contender, sidecar
from tests.engines import aws_environment
from tests.engines.dynamodb_local import Engine, running_engine
from tests.engines.errors import EngineUnavailable
from tests.engines.table import Table, create_table

TABLE = "pannier_load"
WARM_UP_SCALE = 0.2
QUICK_SCALE = 0.25
COMPARED = ("Get", "PutIfVersion")
GOAL = 1.5
"""How much CPU these may cost at most, as a multiple of what the echo costs."""


def main() -> int:
    """Run the load test; return 1 where a call failed or a ratio is above the limit."""
    options = _options()
    if not sys.platform.startswith("linux"):
        sys.exit("The load test reads CPU times from Linux's /proc; run it on Linux.")
    aws_environment.isolate()
    try:
        with running_engine() as engine, _contest(engine) as contest:
            _say(f"{engine.kind}, records of 1 KB, 16 callers; {os.cpu_count()} cores. Warming up")
            ghz_runs.run(contest.sidecar.address, "seed/records")
            measure_round(contest, WARM_UP_SCALE)
            rounds = _measure(contest, options.rounds, QUICK_SCALE if options.quick else 1.0)
            log = contest.sidecar.process.log_tail()
    except (EngineUnavailable, ServerFailed, ghz_runs.GhzFailed) as problem:
        sys.exit(str(problem))
    lines = _lines(rounds)
    print(f"\n{table(lines)}\n")
    if any(line.errors for line in lines):
        _say(f"What the sidecar logged last:\n{log}")
    return _conclude(lines, options.max_ratio)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make load", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a quarter of the calls")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    parser.add_argument(
        "--max-ratio",
        type=float,
        default=float("inf"),
        help=f"fail where {' or '.join(COMPARED)} costs more than this many echoes at its pace",
    )
    return parser.parse_args()


@contextmanager
def _contest(engine: Engine) -> Iterator[Contest]:
    store = create_table(Table(TABLE, endpoint=engine.endpoint))
    with (
        sidecar(store.store_url) as pannier,
        contender("echo_aio") as echo,
        contender("boto3_servicer", TABLE, engine.endpoint) as boto3,
    ):
        yield Contest(pannier, echo, boto3)


def _measure(contest: Contest, rounds: int, scale: float) -> Sequence[Mapping[str, Measurement]]:
    measured = []
    for number in range(1, rounds + 1):
        _say(f"Round {number} of {rounds}")
        measured.append(measure_round(contest, scale))
    return measured


def _lines(rounds: Sequence[Mapping[str, Measurement]]) -> Sequence[Line]:
    def of(step: str | None) -> Sequence[Measurement]:
        return [one[step] for one in rounds] if step else []

    paced = {step.pace: step.name for step in STEPS}
    sidecar_first = sorted(STEPS, key=lambda step: step.server != "sidecar")
    return [
        Line(step.name, of(step.name), of(step.echo), of(paced.get(step.name)))
        for step in sidecar_first
    ]


def _conclude(lines: Sequence[Line], max_ratio: float) -> int:
    failed = False
    for line in lines:
        for problem, count in line.errors.items():
            failed = True
            print(f"{line.name}: {count} times {problem}")
        for echo, manner in ((line.paced_echo, "at the same pace"), (line.echo, "flat out")):
            ratio = line.ratio(echo)
            if line.name in COMPARED and ratio is not None:
                verdict = "met" if ratio <= GOAL else "MISSED"
                print(
                    f"{line.name} costs {ratio:.2f} of an echo {manner} "
                    f"(goal: at most {GOAL}, {verdict})"
                )
                failed |= ratio > max_ratio and echo is line.paced_echo
    return 1 if failed else 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
