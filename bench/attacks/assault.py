"""Runs one attack: keeps its connections open, sending and reading as the attack says."""

import select
import time
from collections import deque

from bench.attacks.attack import EVERYTHING, Attack
from bench.attacks.connection import Connection, Lost
from bench.attacks.tally import Tally

OPENED_AT_ONCE = 50
"""So many new connections, then those that are open get their turn."""
NO_PORT_SECONDS = 0.01
"""Pause after a connection that could not even be begun."""
LONGEST_WAIT = 0.1


def run(attack: Attack, address: tuple[str, int], seconds: float) -> Tally:
    """Attack the server on ``address`` for so long, and return what happened."""
    return _Assault(attack, address).run(seconds)


class _Assault:
    """The connections of one running attack."""

    def __init__(self, attack: Attack, address: tuple[str, int]) -> None:
        self._attack = attack
        self._address = address
        self._tally = Tally()
        self._poll = select.epoll()
        self._open: dict[int, Connection] = {}
        self._lost = 0  # closed by the server and not yet replaced
        # Each holds what is due at the same distance from when it was put in, so that the
        # first is always the next one due.
        self._paces: deque[tuple[float, Connection]] = deque()
        self._ends: deque[tuple[float, Connection]] = deque()
        self._paced = bool(attack.piece) or attack.reads > 0
        self._not_before = 0.0

    def run(self, seconds: float) -> Tally:
        tally = self._tally
        tally.started, cpu = time.monotonic(), time.process_time()
        end = tally.started + seconds
        while (now := time.monotonic()) < end:
            self._fill(now)
            for fd, events in self._poll.poll(self._wait(min(end, now + LONGEST_WAIT))):
                if fd in self._open:
                    self._serve(self._open[fd], events)
            self._come_due()
        tally.seconds = time.monotonic() - tally.started
        tally.cpu_seconds = time.process_time() - cpu
        for connection in self._open.values():
            connection.close()
        self._poll.close()
        return tally

    def _fill(self, now: float) -> None:
        """Open connections up to the attack's number."""
        if now < self._not_before:
            return
        for _ in range(min(OPENED_AT_ONCE, self._attack.connections - len(self._open))):
            try:
                connection = Connection(self._attack, self._address, self._tally)
            except Lost as problem:
                self._tally.ends[str(problem)] += 1
                self._not_before = now + NO_PORT_SECONDS
                return
            if self._lost:
                self._lost -= 1
                self._tally.reconnections += 1
            self._open[connection.fd] = connection
            self._poll.register(connection.fd, 0)
            self._watch(connection)
            if self._paced:
                self._paces.append((now + self._attack.pause, connection))
            if self._attack.lasts is not None:
                self._ends.append((now + self._attack.lasts, connection))

    def _wait(self, until: float) -> float:
        for queue in (self._paces, self._ends):
            if queue:
                until = min(until, queue[0][0])
        if len(self._open) < self._attack.connections:
            until = min(until, self._not_before)
        return max(0.0, until - time.monotonic())

    def _serve(self, connection: Connection, events: int) -> None:
        try:
            if events & select.EPOLLIN:
                connection.receive()
            elif events & (select.EPOLLHUP | select.EPOLLERR | select.EPOLLRDHUP):
                raise connection.lost()
            if events & select.EPOLLOUT:
                connection.send()
        except Lost as problem:
            self._drop(connection, problem)
            return
        if connection.through:
            self._renew(connection)
        else:
            self._watch(connection)

    def _watch(self, connection: Connection) -> None:
        wanted = select.EPOLLIN if self._attack.reads == EVERYTHING else select.EPOLLRDHUP
        if connection.wants_to_send:
            wanted |= select.EPOLLOUT
        if wanted != connection.watched:
            self._poll.modify(connection.fd, wanted)
            connection.watched = wanted

    def _come_due(self) -> None:
        now = time.monotonic()
        while self._paces and self._paces[0][0] <= now:
            due, connection = self._paces.popleft()
            if self._is_open(connection):
                self._paces.append((max(due + self._attack.pause, now), connection))
                self._keep_pace(connection)
        while self._ends and self._ends[0][0] <= now:
            _, connection = self._ends.popleft()
            if self._is_open(connection):
                self._renew(connection, abruptly=True)

    def _keep_pace(self, connection: Connection) -> None:
        try:
            if self._attack.reads > 0:
                connection.receive(self._attack.reads)
        except Lost as problem:
            self._drop(connection, problem)
            return
        if self._attack.piece:
            connection.grant_piece()
            self._watch(connection)

    def _is_open(self, connection: Connection) -> bool:
        return self._open.get(connection.fd) is connection

    def _drop(self, connection: Connection, problem: Lost) -> None:
        self._tally.ends[str(problem)] += 1
        self._lost += 1
        self._close(connection)

    def _renew(self, connection: Connection, *, abruptly: bool = False) -> None:
        self._tally.renewals += 1
        self._close(connection, abruptly=abruptly)

    def _close(self, connection: Connection, *, abruptly: bool = False) -> None:
        del self._open[connection.fd]
        self._poll.unregister(connection.fd)
        connection.close(abruptly=abruptly)
