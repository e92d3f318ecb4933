"""Holds operations back, so that a test decides which ones share a transaction."""

from collections import deque
from threading import Condition
from typing import Any

from pannier_server.backends.sqlite import SqliteBackend


class HeldQueue:
    """Stands in for the queue of a database thread.

    Attributes:
        holds: Whether what is put from now on stays out of the thread's sight until
            `release`.
    """

    def __init__(self) -> None:
        self.holds = False
        self._held: list[Any] = []
        self._released: deque[Any] = deque()
        self._changed = Condition()

    def put(self, operation: Any) -> None:
        self._held.append(operation)
        if not self.holds:
            self.release()

    def release(self) -> None:
        """Let the thread see all that was put, at once and in that order."""
        with self._changed:
            self._released.extend(self._held)
            self._held.clear()
            self._changed.notify()

    def get(self) -> Any:
        with self._changed:
            self._changed.wait_for(lambda: self._released)
            return self._released.popleft()

    def empty(self) -> bool:
        return not self._released


def hold_writes(backend: SqliteBackend) -> HeldQueue:
    """Put such a queue before the writing thread of a backend that is not open yet."""
    queue = HeldQueue()
    backend._writer._queue = queue  # type: ignore[assignment]
    return queue
