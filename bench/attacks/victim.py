"""A client that makes calls at a steady rate and measures each from when it was due.

    python -m bench.attacks.victim HOST:PORT [--rate 200] [--fresh 5]

It calls until its standard input ends, then prints one line of JSON: every call with the
time when it was due, how long after that its answer was there, and its status. A call that
is late because the one before it was slow counts as slow (no coordinated omission). The
calls go over two connections that stay open; a few more each open one of their own.

It is made of bare sockets because it must disturb as little as possible.
"""

import argparse
import gc
import json
import select
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Protocol

from bench.attacks.attack import Target
from bench.attacks.attacker import GET, target
from bench.attacks.calling import TIME_LIMIT, Call, CallingConnection

STEADY_CONNECTIONS = 2


class HasFileno(Protocol):
    """What can be waited for: a socket or a pipe."""

    def fileno(self) -> int:
        """Return its descriptor."""
        ...


@dataclass
class Schedule:
    """Says when calls are due: so many a second, evenly."""

    rate: float
    start: float
    made: int = 0

    @property
    def next(self) -> float:
        """When the next one is due."""
        return self.start + self.made / self.rate if self.rate else float("inf")


@dataclass
class Victim:
    """The calls that are running and those that have ended."""

    address: tuple[str, int]
    target: Target
    ended: list[tuple[float, float, str, bool]] = field(default_factory=list)
    _steady: list[CallingConnection] = field(default_factory=list)
    _fresh: list[CallingConnection] = field(default_factory=list)
    _limits: deque[tuple[float, CallingConnection, int]] = field(default_factory=deque)

    def run(self, rate: float, fresh_rate: float, stop: HasFileno) -> None:
        """Call until ``stop`` can be read from, and then until no call is running."""
        start = time.monotonic()
        steady, fresh = Schedule(rate, start), Schedule(fresh_rate, start)
        while stop not in self._wait(min(steady.next, fresh.next), [stop]):
            self._start_due(steady, is_fresh=False)
            self._start_due(fresh, is_fresh=True)
            self._expire()
        while any(connection.calls for connection in self._open()):
            self._wait(time.monotonic() + 0.1, [])
            self._expire()

    def close(self) -> None:
        """Close all connections."""
        for connection in self._open():
            connection.close()

    def _open(self) -> list[CallingConnection]:
        return [*self._steady, *self._fresh]

    def _wait(self, until: float, others: list[HasFileno]) -> list[Any]:
        """Serve the sockets once, at ``until`` at the latest; return what else is readable."""
        connections = {connection.socket: connection for connection in self._open()}
        sending = [sock for sock, one in connections.items() if one.wants_to_send]
        timeout = max(0.0, until - time.monotonic())
        readable: list[Any]
        readable, writable, _ = select.select([*connections, *others], sending, [], timeout)
        for sock in writable:
            connections[sock].send()
        for sock in readable:
            if sock in connections and sock.fileno() >= 0:
                connections[sock].receive()
        self._steady = [one for one in self._steady if one.usable or one.calls]
        self._drop_answered()
        return readable

    def _drop_answered(self) -> None:
        for connection in self._fresh:
            if not connection.calls:
                connection.close()
        self._fresh = [connection for connection in self._fresh if connection.calls]

    def _start_due(self, schedule: Schedule, *, is_fresh: bool) -> None:
        now = time.monotonic()
        while schedule.next <= now:
            call = Call(schedule.next, is_fresh)
            connection = self._connect() if is_fresh else self._steady_one(schedule.made)
            if is_fresh:
                self._fresh.append(connection)
            stream = connection.start(call, self.target)
            self._limits.append((now + TIME_LIMIT, connection, stream))
            schedule.made += 1

    def _steady_one(self, number: int) -> CallingConnection:
        usable = [connection for connection in self._steady if connection.usable]
        if len(usable) < STEADY_CONNECTIONS:
            self._steady.append(self._connect())
            return self._steady[-1]
        return usable[number % STEADY_CONNECTIONS]

    def _connect(self) -> CallingConnection:
        return CallingConnection(self.address, self._note)

    def _note(self, call: Call, outcome: str) -> None:
        self.ended.append((call.due, time.monotonic() - call.due, outcome, call.fresh))

    def _expire(self) -> None:
        now = time.monotonic()
        while self._limits and self._limits[0][0] <= now:
            _, connection, stream = self._limits.popleft()
            connection.give_up(stream, "DEADLINE_EXCEEDED")


def main() -> None:
    """Measure until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("address", metavar="HOST:PORT")
    parser.add_argument("--rate", type=float, default=200.0, help="calls a second")
    parser.add_argument("--fresh", type=float, default=5.0, help="connections a second")
    parser.add_argument("--path", default=GET, help="/service/method; default: %(default)s")
    options = parser.parse_args()
    host, _, port = options.address.rpartition(":")
    gc.disable()  # nothing here makes cycles, and a collection would look like the server's
    victim = Victim((host, int(port)), target(options.address, options.path))
    victim.run(options.rate, options.fresh, sys.stdin)
    victim.close()
    print(json.dumps({"calls": victim.ended, "cpu_seconds": time.process_time()}))


if __name__ == "__main__":
    main()
