"""What one round of the load test measures, and in which order."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bench import ghz_runs
from bench.report import Measurement
from bench.servers import Server

MIXED = ("get", "put", "put_if_version", "list_by_prefix", "delete")
BOTO3_SCALE = 1 / 6
"""The servicer over boto3 is so slow that it gets fewer calls."""

_run_numbers = itertools.count()


@dataclass(frozen=True)
class Contest:
    """The servers of one load test, all running."""

    sidecar: Server
    echo: Server
    boto3: Server


@dataclass(frozen=True)
class Step:
    """One measurement.

    Attributes:
        name: Its line in the table.
        server: Which server is under load.
        configurations: Of bench/ghz, run side by side.
        seeds: Configurations that first write, through the sidecar, what the calls need.
        scale: How many calls, as a share of what the configurations say.
        echo: The step whose CPU time this one is compared with.
        pace: The step whose rate this one keeps to. A server that waits for its store
            sleeps and wakes more often per call than one that is flat out, which costs
            CPU of its own.
    """

    name: str
    server: Literal["sidecar", "echo", "boto3"]
    configurations: Sequence[str]
    seeds: Sequence[str] = ()
    scale: float = 1.0
    echo: str | None = None
    pace: str | None = None


VERSIONS = ["seed/put_if_version"]

# Contenders come right before and after what is compared with them, so that a machine that
# slows down slows down all three.
STEPS = (
    Step("echo: Get", "echo", ["get"]),
    Step("Get", "sidecar", ["get"], echo="echo: Get"),
    Step("boto3: Get", "boto3", ["get"], scale=BOTO3_SCALE, echo="echo: Get"),
    Step("echo: Get, paced", "echo", ["get"], pace="Get"),
    Step("echo: PutIfVersion", "echo", ["put_if_version"]),
    Step("PutIfVersion", "sidecar", ["put_if_version"], VERSIONS, echo="echo: PutIfVersion"),
    Step(
        "boto3: PutIfVersion",
        "boto3",
        ["put_if_version"],
        VERSIONS,
        scale=BOTO3_SCALE,
        echo="echo: PutIfVersion",
    ),
    Step("echo: PutIfVersion, paced", "echo", ["put_if_version"], pace="PutIfVersion"),
    Step("Put", "sidecar", ["put"]),
    Step("Delete", "sidecar", ["delete"], ["seed/delete"]),
    Step("ListByPrefix", "sidecar", ["list_by_prefix"]),
    Step("CleanupExpired", "sidecar", ["cleanup_expired"], ["seed/cleanup_expired"]),
    Step(
        "mixed",
        "sidecar",
        [f"mixed/{name}" for name in MIXED],
        ["seed/put_if_version", "seed/delete"],
    ),
)


def measure_round(contest: Contest, scale: float) -> Mapping[str, Measurement]:
    """Measure each step once, with ``scale`` times the calls of its configurations."""
    measured: dict[str, Measurement] = {}
    for step in STEPS:
        pace = measured[step.pace].calls.rate if step.pace else 0.0
        measured[step.name] = _measure(contest, step, scale, pace)
    return measured


def _measure(contest: Contest, step: Step, scale: float, pace: float) -> Measurement:
    label = f".{next(_run_numbers)}"
    if step.seeds:
        ghz_runs.run(contest.sidecar.address, *step.seeds, label=label)
    server: Server = getattr(contest, step.server)
    before = server.cpu_seconds()
    calls = ghz_runs.run(
        server.address, *step.configurations, scale=scale * step.scale, pace=pace, label=label
    )
    return Measurement(calls, server.cpu_seconds() - before)
