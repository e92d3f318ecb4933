"""What is measured: a server, one kind of call, and how it is called."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self


class Kind(StrEnum):
    """A server under load, or a program that makes the calls itself; as the tables name it."""

    ECHO_GRPC_GO = "grpc-go"
    ECHO_H2 = "our transport"
    ECHO_GRPC_AIO = "grpc.aio"
    PANNIER_H2 = "Pannier, h2"
    PANNIER_GRPCIO = "Pannier, grpcio"
    BOTO3_SERVICER = "boto3 behind grpcio threads"
    BOTO3 = "boto3 in process"
    ENGINE = "the engine itself"
    PYTHON_CLIENT = "Pannier's Python client, h2"


IN_PROCESS = {Kind.BOTO3: "boto3", Kind.PYTHON_CLIENT: "pannier", Kind.ENGINE: "http"}
"""The kinds that make their calls themselves, with the name of their client."""

_NO_SERVER = {Kind.BOTO3, Kind.ENGINE}


class Engine(StrEnum):
    """Where the records are; as the tables name it."""

    NONE = "none"
    MEMORY = "memory:"
    FIXED = "fixed responder"
    DYNAMODB = "DynamoDB Local"


class Call(StrEnum):
    """What is called; as the tables name it."""

    ECHO = "echo"
    GET = "Get"
    PUT = "Put"
    PUT_IF_VERSION = "PutIfVersion"
    LIST = "ListByPrefix"


class Listener(StrEnum):
    """What clients connect over; as the tables name it."""

    TCP = "TCP"
    UNIX = "Unix socket"
    TLS = "TCP, TLS"


class Metrics(StrEnum):
    """Whether a sidecar counts what it does, for Prometheus; as the tables name it."""

    OFF = "off"
    ON = "on"


@dataclass(frozen=True)
class Contender:
    """A server as it is started."""

    kind: Kind
    engine: Engine
    workers: int = 1
    listener: Listener = Listener.TCP
    metrics: Metrics = Metrics.OFF

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Return a contender from its attributes as JSON has them."""
        return cls(**_with_enums(plain))


@dataclass(frozen=True)
class Entry:
    """One line of a table: what is measured once in each round.

    Attributes:
        kind: The server.
        call: What is called.
        engine: Where the records are.
        callers: How many calls are under way at a time.
        connections: How many connections these share.
        record_bytes: The size of a record's data.
        workers: Processes of the sidecar.
        listener: What the clients connect over.
        pace: At most how many calls there are in a second; 0 is as many as it answers.
        metrics: Whether the sidecar counts what it does.
    """

    kind: Kind
    call: Call
    engine: Engine = Engine.FIXED
    callers: int = 16
    connections: int = 4
    record_bytes: int = 1024
    workers: int = 1
    listener: Listener = Listener.TCP
    pace: int = 0
    metrics: Metrics = Metrics.OFF

    @property
    def contender(self) -> Contender | None:
        """The server that the calls go to; None where they go to the engine itself."""
        if self.kind in _NO_SERVER:
            return None
        kind = Kind.PANNIER_H2 if self.kind is Kind.PYTHON_CLIENT else self.kind
        return Contender(kind, self.engine, self.workers, self.listener, self.metrics)

    @property
    def open_connections(self) -> int:
        """How many connections there are: never more than callers."""
        return min(self.callers, self.connections)

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Return an entry from its attributes as JSON has them."""
        return cls(**_with_enums(plain))


def _with_enums(plain: Mapping[str, Any]) -> dict[str, Any]:
    enums = {
        "kind": Kind,
        "call": Call,
        "engine": Engine,
        "listener": Listener,
        "metrics": Metrics,
    }
    return {name: enums.get(name, int)(value) for name, value in plain.items()}
