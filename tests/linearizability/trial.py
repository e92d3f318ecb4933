"""What is tried, and what came of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tests.faults.journal import Journal
from tests.faults.kinds import Fault
from tests.linearizability.calls import Call
from tests.linearizability.checker import Verdict


class Store(StrEnum):
    """Where the sidecars keep records."""

    MEMORY = "memory"
    SQLITE = "SQLite"
    DYNAMODB = "DynamoDB Local"


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried.

    Attributes:
        name: For people.
        operations: How many calls the clients make together, or more for `fewest_faults`.
        store: Where the sidecars keep records.
        rates: The share of requests, or connections, that meet each fault.
        requests_per_connection: After how many requests a connection to the store ends.
        sidecars: How many share the store.
        kill_every: How many calls are answered between two kills (-9); 0 for no kills.
        clients: How many call at the same time.
        seed: What faults and calls are drawn from.
        mistake: What the sidecars do wrong, of `broken_sidecar.MISTAKES`; empty for nothing.
        fewest_faults: Clients go on until so many faults were made, up to ten times as long.
    """

    name: str
    operations: int
    store: Store = Store.DYNAMODB
    rates: Mapping[Fault, float] = field(default_factory=dict)
    requests_per_connection: int | None = None
    sidecars: int = 1
    kill_every: int = 0
    clients: int = 16
    seed: int = 1
    mistake: str = ""
    fewest_faults: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a trial.

    Attributes:
        trial: The trial.
        calls: All calls of the clients.
        injected: How often each fault was made.
        kills: How often a sidecar was killed.
        stale_reads: How many reads that did not ask for consistency got old items.
        journal: What the proxy saw; None where there was none.
        verdict: What the checker says of the calls.
    """

    trial: Trial
    calls: Sequence[Call]
    injected: Counter[Fault]
    kills: int
    stale_reads: int
    journal: Journal | None
    verdict: Verdict

    @property
    def succeeded(self) -> float:
        """The share of calls that did what they were asked to."""
        return sum(call.succeeded for call in self.calls) / len(self.calls)
