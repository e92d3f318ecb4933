"""The real wire client in virtual time, on a table that is simulated: no socket, no waiting."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

from pannier_server.backends.dynamodb.wire.client import DynamoDBClient
from pannier_server.backends.dynamodb.wire.connection import Answer
from pannier_server.backends.dynamodb.wire.credentials import Credentials
from pannier_server.backends.dynamodb.wire.retries import Effect
from pannier_server.backends.dynamodb.wire.settings import WireSettings
from pannier_server.backends.errors import Overloaded, StorageError
from tests.faults.throttle import Throttle

# The home directory is one that does not exist: nothing of this machine is read.
ENVIRONMENT = {
    "HOME": "/nonexistent",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one call ended: when it came, how long it took, and its error if it had one."""

    came: float
    took: float
    error: StorageError | None

    @property
    def served(self) -> bool:
        return self.error is None

    @property
    def admitted(self) -> bool:
        """Everything that was not refused before anything was asked of the table."""
        return not isinstance(self.error, Overloaded)


@dataclass
class SimulatedTable:
    """Plays the connections, and the table behind them.

    Attributes:
        throttle: What it grants.
        random: Where its latencies come from: 2 to 5 ms.
        requests: How many requests came.
        reasons: What it says about why it throttles.
        free: Connections that nobody uses.
    """

    throttle: Throttle
    random: Random = field(default_factory=lambda: Random(7))
    requests: int = 0
    reasons: Sequence[str] = ()
    free: int = 64
    line: "deque[asyncio.Future[None]]" = field(default_factory=deque)

    def take(self) -> "SimulatedTable | None":
        if not self.free:
            return None
        self.free -= 1
        return self

    async def acquire(self, _: float, *, fresh: bool = False) -> "SimulatedTable":
        if self.take() is None:
            place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.line.append(place)
            await place
        return self

    def release(self, _: object) -> None:
        if self.line:
            self.line.popleft().set_result(None)
        else:
            self.free += 1

    discard = release

    def close(self) -> None: ...

    def exchange(self, _: bytes, __: float) -> "asyncio.Future[Answer]":
        self.requests += 1
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Answer] = loop.create_future()
        granted = self.throttle.grants("GetItem")
        loop.call_later(self.random.uniform(0.002, 0.005), self._answer, answered, granted)
        return answered

    def _answer(self, answered: "asyncio.Future[Answer]", granted: bool) -> None:
        if answered.done():
            return
        if granted:
            answered.set_result(Answer(200, b'{"Item":{}}', {}))
            return
        body = {
            "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            "message": "The level of configured provisioned throughput was exceeded.",
            "ThrottlingReasons": [{"reason": reason, "resource": "arn"} for reason in self.reasons],
        }
        answered.set_result(Answer(400, json.dumps(body).encode(), {}))


class KnownCredentials:
    """Credentials that nobody has to look for: a thread would not run in virtual time."""

    def current(self) -> Credentials:
        return Credentials("AKIDEXAMPLE", "secret", None)


@dataclass
class Simulation:
    """A client and its table."""

    client: DynamoDBClient
    table: SimulatedTable
    background: list["asyncio.Task[Outcome]"] = field(default_factory=list)

    async def call(self, owner: str, seconds: float = 10.0) -> Outcome:
        """Make one read."""
        loop = asyncio.get_running_loop()
        came = loop.time()
        error = None
        try:
            await self.client.call(
                "GetItem", b"{}", effect=Effect.READ, deadline=came + seconds, owner=owner
            )
        except StorageError as raised:
            error = raised
        return Outcome(came, loop.time() - came, error)

    async def until_one_waits(self) -> None:
        """Make reads of new owners until one of them has to wait for its turn."""
        number = 0
        while not self.client.reads.admissions.waiting:
            number += 1
            self.background.append(asyncio.create_task(self.call(f"waits{number}")))
            await asyncio.sleep(0)

    async def offer(self, owner: str, rate: float, seconds: float) -> list[Outcome]:
        """Make reads at random times, ``rate`` of them a second, whatever becomes of them."""
        random = Random(f"{owner}{rate}")
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        calls: list[asyncio.Task[Outcome]] = []
        while loop.time() < end:
            await asyncio.sleep(random.expovariate(rate))
            calls.append(loop.create_task(self.call(owner)))
        return await asyncio.gather(*calls)


@asynccontextmanager
async def simulation(
    operations_per_second: float, *, burst: float | None = None
) -> AsyncIterator[Simulation]:
    """Put a client in front of a table that grants so many operations a second."""
    settings = WireSettings(region="eu-west-1", endpoint="http://127.0.0.1:1")
    client = await DynamoDBClient.open(settings, environ=ENVIRONMENT)
    clock = asyncio.get_running_loop().time
    table = SimulatedTable(Throttle(operations_per_second, burst=burst, clock=clock))
    client._pool = table  # type: ignore[assignment]
    client._credentials = KnownCredentials()  # type: ignore[assignment]
    simulated = Simulation(client, table)
    yield simulated
    await client.close()
    await asyncio.gather(*simulated.background, return_exceptions=True)


def since(outcomes: Sequence[Outcome], seconds: float) -> list[Outcome]:
    """Return the calls that came so long after the first one, when things have settled."""
    start = min(outcome.came for outcome in outcomes) + seconds
    return [outcome for outcome in outcomes if outcome.came >= start]


def share_served(outcomes: Sequence[Outcome]) -> float:
    """Return the part of the calls that was served."""
    return sum(outcome.served for outcome in outcomes) / len(outcomes)


def p99(outcomes: Sequence[Outcome]) -> float:
    """Return the 99th percentile of what calls took that were admitted."""
    taken = sorted(outcome.took for outcome in outcomes if outcome.admitted)
    return taken[int(len(taken) * 0.99)]
