"""Whose turn it is: connections that have more to be handled than fits a turn of the loop.

Each connection's bytes are handled at once as they come, up to a budget. The rest waits
in one queue of the server, which gets a share of each turn of the event loop: however
many connections flood it, the others are served in between.
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from pannier_server.transport.h2.serving.protocol import ServerProtocol

SECONDS: Final = 0.0005
"""The time after which the queue lets the event loop turn."""


class Turns:
    """Connections that wait to go on, first come first served.

    Attributes:
        is_busy: Some wait.
    """

    __slots__ = ("_timer", "_waiting", "is_busy")

    def __init__(self, timer: "Callable[[], float]") -> None:
        """Take a clock that goes on while the event loop turns."""
        self._timer = timer
        # A dict is an ordered set: each waits once.
        self._waiting: dict[ServerProtocol, None] = {}
        self.is_busy = False

    def wait(self, protocol: "ServerProtocol") -> None:
        """Call a connection's ``proceed`` in a later turn of the loop."""
        self._waiting[protocol] = None
        self._schedule()

    def _run(self) -> None:
        self.is_busy = False
        end = self._timer() + SECONDS
        for _ in range(len(self._waiting)):
            protocol = next(iter(self._waiting))
            del self._waiting[protocol]
            protocol.proceed()
            if self._timer() >= end:
                break
        if self._waiting:
            self._schedule()

    def _schedule(self) -> None:
        if not self.is_busy:
            self.is_busy = True
            next(iter(self._waiting)).loop.call_soon(self._run)
