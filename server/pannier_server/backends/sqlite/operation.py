"""One caller's piece of work for a database thread, and the caller's wait for it."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from pannier_server.backends.errors import DeadlineExceeded, StorageError, WriteOutcome
from pannier_server.backends.sqlite.faults import DATABASE_FAULTS

T = TypeVar("T")


class Operation(Generic[T]):
    """Work that runs in a transaction with others, and is answered after its commit.

    The thread starts it or the caller gives it up, whoever claims it first. Work that
    was given up never runs; work that has started may be applied although its caller
    is gone.
    """

    __slots__ = (
        "_claim",
        "_deadline",
        "_error",
        "_expires",
        "_future",
        "_loop",
        "_result",
        "_started",
        "_work",
    )

    def __init__(self, work: Callable[[sqlite3.Connection], T], deadline: float) -> None:
        """Keep what to do, and until when (on the running loop's clock) it is wanted."""
        self._loop = asyncio.get_running_loop()
        self._work = work
        self._deadline = deadline
        # The thread cannot ask the loop for the time: uvloop's clock stands still
        # while the loop waits.
        self._expires = time.monotonic() + deadline - self._loop.time()
        self._future: asyncio.Future[T] = self._loop.create_future()
        self._claim = Lock()
        self._started = False
        self._result: T | None = None
        self._error: Exception | None = None

    async def answer(self) -> T:
        """Return what the work returned, once it is committed.

        Raises:
            DeadlineExceeded: The deadline came first.
            StorageError: The work was refused, or the database failed.
        """
        timer = self._loop.call_at(self._deadline, self._expire)
        try:
            return await self._future
        finally:
            timer.cancel()
            self._claim.acquire(blocking=False)

    def deliver(self) -> None:
        """Answer the caller, if one still waits; called in the event loop."""
        if self._future.done() or not self._started:
            return
        if self._error is not None:
            self._future.set_exception(self._error)
        else:
            self._future.set_result(self._result)  # type: ignore[arg-type]

    def is_wanted(self) -> bool:
        """Tell whether the caller still waits, or the work has already started."""
        return self._started or not (self._claim.locked() or time.monotonic() >= self._expires)

    def run(self, connection: sqlite3.Connection) -> None:
        """Do the work in the connection's transaction, unless it was given up.

        Raises:
            sqlite3.Error: The database failed, and the transaction with it.
            MemoryError: The same.
        """
        if not self._start():
            return
        self._error = None
        try:
            self._result = self._work(connection)
        except DATABASE_FAULTS:
            raise
        # A refusal by the rules, or a bug: this caller's alone. The thread goes on.
        except Exception as error:  # noqa: BLE001
            self._error = error

    def fail(self, explain: Callable[[WriteOutcome], StorageError], outcome: WriteOutcome) -> None:
        """Replace the answer, because the transaction failed with this outcome."""
        refused = self._error is not None
        self._start()
        self._error = explain(WriteOutcome.NOT_APPLIED if refused else outcome)

    def _start(self) -> bool:
        self._started = self._started or self._claim.acquire(blocking=False)
        return self._started

    def _expire(self) -> None:
        if self._future.done():
            return
        given_up = self._claim.acquire(blocking=False)
        self._future.set_exception(
            DeadlineExceeded(
                "the deadline passed before SQLite answered: the disk is slow, "
                "or another process holds the database's lock",
                write_outcome=WriteOutcome.NOT_APPLIED if given_up else WriteOutcome.UNKNOWN,
            )
        )
