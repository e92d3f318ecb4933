"""A caller that makes calls at random times, at given rates, whatever becomes of them.

    python -m bench.overload.caller HOST:PORT --load large=1980 --load small=20 --seconds 10

Each owner's calls come as those of many independent users do (a Poisson process), and do
not wait for each other: a caller that waits for answers asks for less the slower they are,
and so hides an overload. Each call is measured from when it was due. At the end it prints
one line of JSON: each call's owner, when it was due, how long it took, and its status.
"""

import argparse
import gc
import heapq
import json
import select
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from bench.attacks.attack import Target
from bench.attacks.attacker import get_request
from bench.attacks.calling import TIME_LIMIT, Call, CallingConnection

CONNECTIONS = 8
SERVICE = "/pannier.v1.StorageBackend"
KEY = "record"
_PUT_DATA = b"x" * 256


@dataclass(frozen=True, slots=True)
class OwnersCall(Call):
    """A call, and whose it is."""

    owner: str


class Caller:
    """The calls that are due, that run, and that have ended."""

    def __init__(self, address: tuple[str, int], targets: dict[str, Target]) -> None:
        """Connect; ``targets`` are what each owner calls."""
        self.ended: list[tuple[str, float, float, str]] = []
        self._targets = targets
        self._connections = [CallingConnection(address, self._note) for _ in range(CONNECTIONS)]
        self._limits: deque[tuple[float, CallingConnection, int]] = deque()
        self._started = 0

    def run(self, due: Sequence[tuple[float, str]]) -> None:
        """Make each call when it is due, on the machine's monotonic clock, and await all."""
        upcoming = deque(due)
        while upcoming or any(connection.calls for connection in self._connections):
            self._serve(upcoming[0][0] if upcoming else time.monotonic() + 0.1)
            now = time.monotonic()
            while upcoming and upcoming[0][0] <= now:
                self._start(*upcoming.popleft())
            while self._limits and self._limits[0][0] <= now:
                _, connection, stream = self._limits.popleft()
                connection.give_up(stream, "DEADLINE_EXCEEDED")

    def _start(self, due: float, owner: str) -> None:
        connection = self._connections[self._started % CONNECTIONS]
        self._started += 1
        stream = connection.start(
            OwnersCall(due=due, fresh=False, owner=owner), self._targets[owner]
        )
        self._limits.append((due + TIME_LIMIT, connection, stream))

    def _serve(self, until: float) -> None:
        sockets = {connection.socket: connection for connection in self._connections}
        sending = [sock for sock, connection in sockets.items() if connection.wants_to_send]
        timeout = max(0.0, until - time.monotonic())
        readable, writable, _ = select.select(list(sockets), sending, [], timeout)
        for sock in writable:
            sockets[sock].send()
        for sock in readable:
            sockets[sock].receive()

    def _note(self, call: Call, outcome: str) -> None:
        assert isinstance(call, OwnersCall)
        self.ended.append((call.owner, call.due, time.monotonic() - call.due, outcome))


def schedule(
    loads: dict[str, float], seconds: float, start: float, seed: int = 1
) -> list[tuple[float, str]]:
    """Return when each call is due, and whose it is, in order of time."""
    return list(heapq.merge(*(_times(*load, seconds, start, seed) for load in loads.items())))


def _times(
    owner: str, rate: float, seconds: float, start: float, seed: int
) -> list[tuple[float, str]]:
    random = Random(f"{owner}{seed}")
    times: list[tuple[float, str]] = []
    due = start + random.expovariate(rate)
    while due < start + seconds:
        times.append((due, owner))
        due += random.expovariate(rate)
    return times


def target(address: str, method: str, owner: str) -> Target:
    """Return one owner's call of ``Get`` or ``Put``."""
    request = get_request(f"{owner}:{KEY}")
    if method == "Put":
        # Field 2 of PutRequest is its data, of 256 bytes: a length of two bytes.
        request += bytes((0x12, 0x80, 0x02)) + _PUT_DATA
    return Target(address.encode(), f"{SERVICE}/{method}".encode(), request, b"")


def main() -> None:
    """Call, and print what became of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("address", metavar="HOST:PORT")
    parser.add_argument("--load", action="append", required=True, metavar="OWNER=CALLS_PER_SECOND")
    parser.add_argument("--method", default="Get", choices=["Get", "Put"])
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    pairs = (load.rpartition("=") for load in options.load)
    loads = {owner: float(rate) for owner, _, rate in pairs}
    host, _, port = options.address.rpartition(":")
    gc.disable()  # nothing here makes cycles, and a collection would look like the sidecar's
    targets = {owner: target(options.address, options.method, owner) for owner in loads}
    caller = Caller((host, int(port)), targets)
    start = time.monotonic() + 0.2
    caller.run(schedule(loads, options.seconds, start))
    print(json.dumps([(owner, due - start, *rest) for owner, due, *rest in caller.ended]))


if __name__ == "__main__":
    main()
