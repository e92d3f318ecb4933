"""Whose turn it is: connections that have more to be handled than fits a turn of the loop.

Each connection's bytes are handled at once as they come, up to a budget. The rest waits
in a queue of the server, which gets a share of each turn of the event loop: however many
connections flood it, the others are served in between.
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from pannier_server.transport.h2.serving.protocol import ServerProtocol

SECONDS: Final = 0.0002
"""The time after which a queue lets the event loop turn."""

IDLE_SECONDS: Final = 0.001
"""So much work that brought nobody anything is followed by a pause of twice the length.

A crowd that sends nonsense gets a third of a core at most. Where it takes the other cores
itself, it is the system's scheduler that would let everyone else wait.
"""

_PAUSES: Final = 2

# So much of the work for a connection counts in the end, where it ends in a fault: a client
# that was served for long and has a bug is not to hold up the others for long.
_MOST_WORK: Final = 0.01


class Turns:
    """Connections that wait to go on: those who ask for much do not hold up the others.

    Attributes:
        is_busy: Some wait who ask for much.
    """

    __slots__ = ("_heavy", "_light", "is_busy")

    def __init__(self, timer: "Callable[[], float]") -> None:
        """Take a clock that goes on while the event loop turns."""
        self._heavy = _Queue(timer, self._note)
        self._light = _Queue(timer, self._note)
        self.is_busy = False

    def wait(self, protocol: "ServerProtocol") -> None:
        """Call a connection's ``proceed`` in a later turn of the loop."""
        queue = self._heavy if protocol.is_heavy else self._light
        queue.add(protocol)

    def _note(self) -> None:
        self.is_busy = self._heavy.is_scheduled


class _Queue:
    """Connections that are served in the order in which they came.

    Attributes:
        is_scheduled: Some wait.
    """

    __slots__ = ("_changed", "_idle_work", "_timer", "_waiting", "is_scheduled")

    def __init__(self, timer: "Callable[[], float]", changed: "Callable[[], None]") -> None:
        self._timer = timer
        self._changed = changed
        # A dict is an ordered set: each waits once.
        self._waiting: dict[ServerProtocol, None] = {}
        self._idle_work = 0.0
        self.is_scheduled = False

    def add(self, protocol: "ServerProtocol") -> None:
        self._waiting[protocol] = None
        self._schedule()

    def _run(self) -> None:
        now = self._timer()
        end = now + SECONDS
        for _ in range(len(self._waiting)):
            protocol = next(iter(self._waiting))
            del self._waiting[protocol]
            began, balance = now, protocol.balance
            protocol.proceed()
            now = self._timer()
            self._count(protocol, now - began, brought_nothing=protocol.balance < balance)
            if now >= end:
                break
        self.is_scheduled = False
        if self._waiting:
            self._schedule()
        else:
            self._changed()

    def _count(self, protocol: "ServerProtocol", seconds: float, *, brought_nothing: bool) -> None:
        """Count work that brought nothing, at the latest when a fault shows that it did not."""
        if brought_nothing:
            self._idle_work += seconds
        else:
            protocol.worked = min(protocol.worked + seconds, _MOST_WORK)
        if protocol.connection.fault is not None:
            self._idle_work += protocol.worked

    def _schedule(self) -> None:
        if self.is_scheduled:
            return
        self.is_scheduled = True
        self._changed()
        loop = next(iter(self._waiting)).loop
        if self._idle_work < IDLE_SECONDS:
            loop.call_soon(self._run)
        else:
            loop.call_later(self._idle_work * _PAUSES, self._run)
            self._idle_work = 0.0
