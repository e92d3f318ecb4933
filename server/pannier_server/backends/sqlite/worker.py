"""A thread that runs the operations of concurrent callers in shared transactions."""

import asyncio
import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from pannier_server.backends.contract import Call
from pannier_server.backends.errors import StorageError, StoreUnavailable, WriteOutcome
from pannier_server.backends.sqlite.faults import DATABASE_FAULTS, Fault, explain, is_busy
from pannier_server.backends.sqlite.operation import Operation
from pannier_server.backends.sqlite.session import Session

T = TypeVar("T")

_LONGEST_PAUSE = 0.004
"""Seconds between two attempts at a busy database. Short and random, so that a process
that waits finds the gap between two commits of one that is always writing."""


class Worker:
    """One thread with one connection.

    What waits when the thread is free becomes one transaction: all of it shares one
    commit, and no one is answered before that.
    """

    def __init__(self, name: str, session: Session, *, begin: str, most: int) -> None:
        """Keep the settings.

        Args:
            name: The thread's name.
            session: Its connection.
            begin: The statement that begins its transactions.
            most: The most operations in one transaction.
        """
        self._name = name
        self._session = session
        self._begin = begin
        self._most = most
        self._queue: SimpleQueue[Operation[Any] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._accepts = False
        self._ending = False

    async def start(self, deadline: float) -> None:
        """Start the thread and return when it has the database open.

        Raises:
            StorageError: The database cannot be opened.
        """
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self._ending = False
        self._thread = Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()
        self._accepts = True
        await self.submit(_nothing, Call(now=0, deadline=deadline))

    async def stop(self) -> None:
        """Finish what was accepted, close the database and end the thread."""
        self._accepts = False
        if self._thread is not None:
            self._queue.put(None)
            await self._stopped.wait()
            self._thread.join()
            self._thread = None

    async def submit(self, work: Callable[[sqlite3.Connection], T], call: Call) -> T:
        """Return what the work returns, once the transaction it ran in is committed.

        Raises:
            StorageError: It was refused, its deadline passed, or the database failed.
        """
        if not self._accepts:
            raise StoreUnavailable(f"{self._session.location.path}: the store is not open")
        operation = Operation(work, call.deadline)
        self._queue.put(operation)
        return await operation.answer()

    def _run(self) -> None:
        try:
            while not self._ending:
                batch: list[Operation[Any]] = []
                self._take(batch)
                self._fill(batch)
                self._serve(batch)
            self._session.close()
        finally:
            self._call_loop(self._stopped.set)

    def _take(self, batch: list[Operation[Any]]) -> None:
        operation = self._queue.get()
        if operation is None:
            self._ending = True
        else:
            batch.append(operation)

    def _fill(self, batch: list[Operation[Any]]) -> None:
        while len(batch) < self._most and not self._ending and not self._queue.empty():
            self._take(batch)

    def _serve(self, batch: list[Operation[Any]]) -> None:
        """Answer a batch; where the database is busy, as long as someone waits for it."""
        while batch := [operation for operation in batch if operation.is_wanted()]:
            if self._transact(batch):
                self._call_loop(partial(_deliver, batch))
                return
            time.sleep(random.uniform(0, _LONGEST_PAUSE))
            self._fill(batch)

    def _transact(self, batch: list[Operation[Any]]) -> bool:
        """Run a batch in one transaction; return False where the database is busy."""
        outcome = WriteOutcome.NOT_APPLIED
        try:
            connection = self._session.connection()
            connection.execute(self._begin)
            for operation in batch:
                operation.run(connection)
            outcome = WriteOutcome.UNKNOWN
            connection.execute("COMMIT")
        except (*DATABASE_FAULTS, StorageError) as error:
            if is_busy(error) and outcome is WriteOutcome.NOT_APPLIED:
                self._session.rollback()
                return False
            self._fail(batch, error, outcome)
        return True

    def _fail(self, batch: list[Operation[Any]], error: Fault, outcome: WriteOutcome) -> None:
        # A connection that failed is not trusted with the next transaction.
        self._session.discard()
        for operation in batch:
            operation.fail(partial(explain, error, self._session.location.path), outcome)

    def _call_loop(self, callback: Callable[[], object]) -> None:
        # A loop that was closed without `stop` has no one who waits.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback)


def _deliver(batch: list[Operation[Any]]) -> None:
    for operation in batch:
        operation.deliver()


def _nothing(connection: sqlite3.Connection) -> None:
    """Do nothing: the transaction alone needs the database open."""
