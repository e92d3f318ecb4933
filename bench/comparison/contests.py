"""Which entries are compared with each other. In each round they run in this order or in reverse.

Everything starts from one point and changes one thing at a time: 16 callers on 4
connections, records of 1 KB, one worker, TCP on loopback.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench.comparison.entries import Call, Contender, Engine, Entry, Kind, Listener, Metrics
from bench.comparison.figures import Figure, cpu, p50

LONG_SECONDS = 1.6
"""For what the goals are about."""
SHORT_SECONDS = 0.9
CALLERS = (1, 16, 64, 256)
RECORD_BYTES = (100, 1024, 32 * 1024, 300 * 1024)


@dataclass(frozen=True)
class Contest:
    """Entries that one table shows. Their servers run at the same time, one under load.

    Attributes:
        name: What ``--only`` calls it, and its place in the page.
        entries: What is measured, in this order.
        against: Each entry is compared with the one that differs from it in this only.
        base: What the table calls that one.
        shows: The attributes that differ between the entries.
        figure: What is compared.
        seconds: How long each is measured in a turn, about.
        turns: How often all are measured in a round, with new servers, every other time in
            reverse order.
        shows_engine: Whether the table says what the engine itself used.
    """

    name: str
    entries: Sequence[Entry]
    against: Mapping[str, Any]
    base: str
    shows: Sequence[str]
    figure: Figure = cpu
    seconds: float = SHORT_SECONDS
    turns: int = 1
    shows_engine: bool = False

    def reference(self, entry: Entry) -> Entry | None:
        """Return what an entry is compared with; None for nothing, or itself."""
        other = replace(entry, **self.against)
        return other if other != entry and other in self.entries else None


def _echo(kind: Kind, **other: Any) -> Entry:
    return Entry(kind, Call.ECHO, Engine.NONE, **other)


AIO, OURS, GO = (_echo(kind) for kind in (Kind.ECHO_GRPC_AIO, Kind.ECHO_H2, Kind.ECHO_GRPC_GO))
MEMORY_GET = Entry(Kind.PANNIER_H2, Call.GET, Engine.MEMORY)

NAIVE, H2, GRPCIO, BOTO3 = (
    Entry(kind, Call.GET)
    for kind in (Kind.BOTO3_SERVICER, Kind.PANNIER_H2, Kind.PANNIER_GRPCIO, Kind.BOTO3)
)
PATHS = (NAIVE, H2, GRPCIO, BOTO3)

SIDECAR_CALLS = (Call.GET, Call.PUT_IF_VERSION, Call.PUT, Call.LIST)
BOTO3_CALLS = (Call.GET, Call.PUT_IF_VERSION)


def _calls(engine: Engine) -> Sequence[Entry]:
    return [
        *(Entry(Kind.PANNIER_H2, call, engine) for call in SIDECAR_CALLS),
        *(Entry(Kind.PANNIER_GRPCIO, call, engine) for call in SIDECAR_CALLS),
        *(Entry(Kind.BOTO3_SERVICER, call, engine) for call in BOTO3_CALLS),
        *(Entry(Kind.BOTO3, call, engine) for call in BOTO3_CALLS),
    ]


def lone_get(kind: Kind) -> Entry:
    """Return a Get by a single caller, from DynamoDB Local."""
    return Entry(kind, Call.GET, Engine.DYNAMODB, callers=1)


PACE = 300
"""Calls a second that DynamoDB Local can answer whatever they are, with time to spare."""


def paced(call: Call) -> Entry:
    """Return a call at a pace that leaves every server time to rest."""
    return Entry(Kind.PANNIER_H2, call, Engine.DYNAMODB, pace=PACE)


LONE_KINDS = (
    Kind.ENGINE,
    Kind.BOTO3,
    Kind.PANNIER_H2,
    Kind.PYTHON_CLIENT,
    Kind.PANNIER_GRPCIO,
    Kind.BOTO3_SERVICER,
)
SIDECARS = (H2, GRPCIO)
METERED_GET = replace(paced(Call.GET), metrics=Metrics.ON)
METERED = (
    METERED_GET,
    replace(METERED_GET, pace=0),
    replace(METERED_GET, pace=0, engine=Engine.FIXED),
    replace(METERED_GET, pace=0, engine=Engine.MEMORY),
)
METERED_TURNS = 6
"""What metrics cost is less than what two single measurements differ by."""
AGAINST_H2 = {"kind": Kind.PANNIER_H2}

CONTESTS: Mapping[str, Contest] = {
    contest.name: contest
    for contest in (
        Contest(
            "echo",
            [
                AIO,
                OURS,
                GO,
                MEMORY_GET,
                replace(MEMORY_GET, kind=Kind.PANNIER_GRPCIO),
                Entry(Kind.ECHO_GRPC_GO, Call.GET, Engine.NONE),
            ],
            {"kind": GO.kind, "call": GO.call, "engine": GO.engine},
            "grpc-go's echo",
            ("kind", "call", "engine"),
            seconds=LONG_SECONDS,
        ),
        Contest(
            "echo-callers",
            [replace(one, callers=callers) for callers in CALLERS for one in (AIO, OURS, GO)],
            {"kind": GO.kind},
            "grpc-go",
            ("kind", "callers"),
        ),
        Contest(
            "paths",
            PATHS,
            AGAINST_H2,
            H2.kind,
            ("kind",),
            seconds=LONG_SECONDS,
            shows_engine=True,
        ),
        Contest(
            "calls",
            _calls(Engine.FIXED),
            AGAINST_H2,
            H2.kind,
            ("kind", "call"),
            seconds=LONG_SECONDS,
        ),
        Contest(
            "dynamodb",
            _calls(Engine.DYNAMODB),
            AGAINST_H2,
            H2.kind,
            ("kind", "call"),
            seconds=LONG_SECONDS,
            shows_engine=True,
        ),
        Contest(
            "paced",
            [paced(call) for call in (Call.GET, Call.PUT_IF_VERSION, Call.PUT)],
            {"call": Call.GET},
            Call.GET,
            ("kind", "call"),
            seconds=LONG_SECONDS,
            shows_engine=True,
        ),
        Contest(
            "lone",
            [lone_get(kind) for kind in LONE_KINDS],
            {"kind": Kind.BOTO3},
            Kind.BOTO3,
            ("kind",),
            p50,
            LONG_SECONDS,
        ),
        Contest(
            "callers",
            [replace(one, callers=callers) for callers in CALLERS for one in PATHS],
            AGAINST_H2,
            H2.kind,
            ("kind", "callers"),
        ),
        Contest(
            "sizes",
            [
                *(replace(one, record_bytes=size) for size in RECORD_BYTES for one in PATHS),
                *(
                    replace(one, call=Call.PUT, record_bytes=size)
                    for size in RECORD_BYTES
                    for one in SIDECARS
                ),
            ],
            AGAINST_H2,
            H2.kind,
            ("kind", "call", "record_bytes"),
        ),
        Contest(
            "listeners",
            [replace(one, listener=listener) for one in SIDECARS for listener in Listener],
            {"listener": Listener.TCP},
            Listener.TCP,
            ("kind", "listener"),
        ),
        Contest(
            "workers",
            [
                replace(one, callers=64, connections=16, workers=workers)
                for one in SIDECARS
                for workers in (1, 2)
            ],
            {"workers": 1},
            "1 worker",
            ("kind", "workers"),
        ),
        Contest(
            "metrics",
            [replace(one, metrics=metrics) for one in METERED for metrics in Metrics],
            {"metrics": Metrics.OFF},
            "metrics off",
            ("engine", "pace", "metrics"),
            turns=METERED_TURNS,
        ),
    )
}

STARTS: Sequence[Contender] = (
    Contender(Kind.PANNIER_H2, Engine.MEMORY),
    Contender(Kind.PANNIER_GRPCIO, Engine.MEMORY),
    Contender(Kind.PANNIER_H2, Engine.FIXED),
    Contender(Kind.PANNIER_GRPCIO, Engine.FIXED),
    Contender(Kind.PANNIER_H2, Engine.FIXED, workers=2),
    Contender(Kind.BOTO3_SERVICER, Engine.FIXED),
    Contender(Kind.BOTO3, Engine.FIXED),
    Contender(Kind.ECHO_GRPC_GO, Engine.NONE),
)
"""Whose starts are timed."""
