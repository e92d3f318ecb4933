"""Which request, or connection, meets which fault."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Protocol

from tests.faults.kinds import CONNECTION_FAULTS, REQUEST_FAULTS, Fault
from tests.faults.messages import Request


@dataclass(frozen=True, slots=True)
class Injection:
    """A fault, and what chooses its details.

    Attributes:
        fault: What goes wrong.
        part: From 0 up to 1: where the answer is cut, how long it takes, which shape a
            refusal has.
    """

    fault: Fault
    part: float = 0.5


class Schedule(Protocol):
    """Decides about one connection or request after the other."""

    def for_connection(self) -> Injection | None:
        """Return what goes wrong with the next connection."""
        ...

    def for_request(self, request: Request) -> Injection | None:
        """Return what goes wrong with the next request."""
        ...


class Scripted:
    """A schedule that is written down; after its end nothing goes wrong."""

    def __init__(
        self,
        requests: Iterable[Fault | Injection | None] = (),
        connections: Iterable[Fault | Injection | None] = (),
    ) -> None:
        """Take what meets the next requests and connections, in order; None is nothing."""
        self.requests = [_injection(each) for each in requests]
        self.connections = [_injection(each) for each in connections]

    def for_connection(self) -> Injection | None:
        """Return the next of the connections' script."""
        return self.connections.pop(0) if self.connections else None

    def for_request(self, request: Request) -> Injection | None:
        """Return the next of the requests' script."""
        del request
        return self.requests.pop(0) if self.requests else None


class Seeded:
    """A schedule drawn at random, and the same again for the same seed and rates."""

    def __init__(self, seed: int, rates: Mapping[Fault, float]) -> None:
        """Prepare to draw.

        Args:
            seed: What the draws come from.
            rates: For each fault, the share of requests (or connections) that meet it.
        """
        self._requests = Random(f"requests {seed}")
        self._connections = Random(f"connections {seed}")
        self._request_rates = {f: rate for f, rate in rates.items() if f in REQUEST_FAULTS}
        self._connection_rates = {f: rate for f, rate in rates.items() if f in CONNECTION_FAULTS}

    def for_connection(self) -> Injection | None:
        """Draw for a connection."""
        return _draw(self._connections, self._connection_rates)

    def for_request(self, request: Request) -> Injection | None:
        """Draw for a request."""
        del request
        return _draw(self._requests, self._request_rates)


class Paced:
    """A schedule under which one fault of requests comes only so often; the others as before."""

    def __init__(
        self,
        schedule: Schedule,
        fault: Fault,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the seconds that lie between two of a fault, at least."""
        self._schedule = schedule
        self._fault = fault
        self._seconds = seconds
        self._clock = clock
        self._next_at = clock()

    def for_connection(self) -> Injection | None:
        """Return what the other schedule does."""
        return self._schedule.for_connection()

    def for_request(self, request: Request) -> Injection | None:
        """Return what the other schedule does, or nothing where the fault comes too soon."""
        injection = self._schedule.for_request(request)
        if injection is None or injection.fault is not self._fault:
            return injection
        if self._clock() < self._next_at:
            return None
        self._next_at = self._clock() + self._seconds
        return injection


def _injection(given: Fault | Injection | None) -> Injection | None:
    return Injection(given) if isinstance(given, Fault) else given


def _draw(random: Random, rates: Mapping[Fault, float]) -> Injection | None:
    # Always two numbers, so that one outcome does not shift all that follow.
    choice, part = random.random(), random.random()
    for fault, rate in rates.items():
        choice -= rate
        if choice < 0:
            return Injection(fault, part)
    return None
