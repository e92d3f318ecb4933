"""A random workload on an SQLite store: the same for the same seed, events and all.

Its calls come in groups that wait at the same time, as those of many callers would. The
store's threads see a group at once, so that it is not up to the scheduler what shares a
transaction.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from uuid import UUID

from pannier_server.backends.contract import Record, Write
from pannier_server.backends.errors import DeadlineExceeded, StorageError, WriteOutcome
from pannier_server.backends.sqlite import SqliteBackend
from pannier_server.backends.sqlite.location import Location
from pannier_server.testing.records import Records
from tests.sqlite.held_queue import hold_writes
from tests.sqlite.model import NOW, Answer, Cleanup, Delete, Model, Moment, Put, Step, Stored
from tests.sqlite.recording_vfs import Event, RecordingVfs

OWNER = "owner"
NAMES = tuple(f"record-{number:02}" for number in range(12))
CHECKPOINTS = ("PASSIVE", "FULL", "RESTART", "TRUNCATE")


class Workload:
    """Calls to a store, what they answered, and when.

    Attributes:
        events: What the store did to files, with what a test left among it.
        moments: What was called and answered, oldest first.
        settled: What the store held when it had just been opened, and after how many
            events that was.
    """

    def __init__(
        self, path: Path, vfs: RecordingVfs, random: Random, model: Model, unanswered: list[Step]
    ) -> None:
        """Keep what to work on.

        Args:
            path: The store's file.
            vfs: What records the store's work on files.
            random: Decides what is called.
            model: What the store may hold.
            unanswered: Calls without an answer from before the store was opened.
        """
        self.events = vfs.events
        self.moments: list[Moment] = []
        self.settled = (0, model)
        self._path = path
        self._vfs = vfs
        self._random = random
        self._model = model
        self._retries: dict[str, Step] = {}
        for step in unanswered:
            self._note_failure(step)
        self._backend = SqliteBackend(Location(path))
        self._queue = hold_writes(self._backend)
        self._records = Records(self._backend, OWNER, now=NOW)
        self._snapshots: list[sqlite3.Connection] = []

    async def run(self, groups: int) -> None:
        """Open the store, check it, make so many groups of calls and close it.

        Raises:
            AssertionError: It answers what cannot be right.
        """
        await self._backend.open()
        try:
            self._model.settle(await stored(self._records))
            self.settled = (len(self.events), self._model.copy())
            for _ in range(groups):
                await self._call_group()
                await self._do_something_else()
            self._model.expect(await stored(self._records))
        finally:
            self._vfs.fault = no_fault
            self._queue.holds = False
            self._release_snapshots()
            await self._backend.close()

    async def _call_group(self) -> None:
        steps = [self._choose() for _ in range(self._random.choice((1, 1, 2, 4, 12)))]
        if self._random.random() < 0.1:
            self._vfs.fault = random_fault(self._random)
        self._queue.holds = True
        calls = [asyncio.create_task(self._call(step)) for step in steps]
        self.moments += [Moment(len(self.events), step) for step in steps]
        # Each call's first part puts it into the queue.
        await asyncio.sleep(0)
        for call in calls:
            if self._random.random() < 0.03:
                call.cancel()
        await asyncio.sleep(0)
        self._queue.release()
        answers = await asyncio.gather(*calls)
        self._queue.holds = False
        self._vfs.fault = no_fault
        for step, answer in zip(steps, answers, strict=True):
            self._note_answer(step, answer)

    async def _call(self, step: Step) -> Answer:
        try:
            return await self._send(step)
        except StorageError as error:
            return error
        except asyncio.CancelledError:
            return DeadlineExceeded("the caller left before the call began")

    async def _send(self, step: Step) -> Answer:
        call = self._records.call()
        match step:
            case Put(name, write, None):
                return await self._backend.put(self._records.key(name), write, call)
            case Put(name, write, int(expected)):
                return await self._backend.put_if_version(
                    self._records.key(name), write, expected_version=expected, etag="", call=call
                )
            case Delete(name, expected):
                return await self._records.delete(name, expected_version=expected)
        return await self._records.cleanup()

    def _note_answer(self, step: Step, answer: Answer) -> None:
        self.moments.append(Moment(len(self.events), step, answer))
        self._model.answered(step, answer)
        if isinstance(answer, StorageError) and answer.write_outcome is WriteOutcome.UNKNOWN:
            self._note_failure(step)

    def _note_failure(self, step: Step) -> None:
        """Remember a call to be made again, as long as it is the last to its record."""
        if isinstance(step, Put | Delete):
            self._retries[step.name] = step

    def _choose(self) -> Step:
        if self._retries and self._random.random() < 0.7:
            return self._retries.pop(self._random.choice(list(self._retries)))
        step = self._make()
        for name in step.names:
            self._retries.pop(name, None)
        return step

    def _make(self) -> Step:
        name = self._random.choice(NAMES)
        kinds = ("put", "compare", "create", "delete", "compare and delete", "clean up")
        match self._random.choices(kinds, weights=(40, 25, 10, 10, 5, 5))[0]:
            case "put":
                return Put(name, self._make_write())
            case "compare":
                return Put(name, self._make_write(), self._guess_version(name))
            case "create":
                return Put(name, self._make_write(), 0)
            case "delete":
                return Delete(name)
            case "compare and delete":
                return Delete(name, self._guess_version(name))
        return Cleanup(NAMES)

    def _make_write(self) -> Write:
        size = self._random.choice((0, 20, 20, 200, 200, 3_000, 30_000))
        expires_at = self._random.choice((None, None, NOW, NOW + 1_000))
        write_id = str(UUID(int=self._random.getrandbits(128), version=4))
        return Write(self._random.randbytes(size), expires_at, write_id)

    def _guess_version(self, name: str) -> int:
        """Return the record's version, mostly; it is from 1 up."""
        versions = sorted(state.version if state else 1 for state in self._model.states(name))
        return versions[0] + self._random.choice((0, 0, 0, 1))

    async def _do_something_else(self) -> None:
        match self._random.choice(("nothing", "nothing", "checkpoint", "snapshot", "reopen")):
            case "checkpoint":
                with closing(sqlite3.connect(self._path, timeout=0)) as other:
                    other.execute(f"PRAGMA wal_checkpoint({self._random.choice(CHECKPOINTS)})")
            case "snapshot" if not self._snapshots:
                self._take_snapshot()
            case "snapshot":
                self._release_snapshots()
            case "reopen":
                await self._backend.close()
                await self._backend.open()

    def _take_snapshot(self) -> None:
        """Read in a transaction that stays open, which holds checkpoints up."""
        reader = sqlite3.connect(self._path, isolation_level=None)
        self._snapshots.append(reader)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM records").fetchone()

    def _release_snapshots(self) -> None:
        while self._snapshots:
            self._snapshots.pop().close()


async def stored(records: Records) -> dict[str, Stored]:
    """Return all rows, expired ones too, as a list and as single reads show them."""
    listed: Sequence[object] = await records.rows(at=1)
    found: dict[str, Stored] = {}
    for row in listed:
        assert isinstance(row, Record), f"{row} cannot be read"
        assert await records.get(row.key.name, at=1) == row
        found[row.key.name] = Stored(row.version, row.etag, row.expires_at, row.data)
    return found


def no_fault(_event: Event) -> None:
    """Let everything succeed."""


def random_fault(random: Random) -> "RandomFault":
    """Return a fault of one kind of work on one kind of file."""
    kind, code = random.choice(
        (
            ("sync", sqlite3.SQLITE_IOERR_FSYNC),
            ("write", sqlite3.SQLITE_FULL),
            ("write", sqlite3.SQLITE_IOERR_WRITE),
        )
    )
    return RandomFault(kind, random.choice(("-wal", ".db")), random.randrange(4), code)


class RandomFault:
    """Fails work on files from some occasion on, until the next group of calls."""

    def __init__(self, kind: str, suffix: str, spared: int, code: int) -> None:
        self._kind = kind
        self._suffix = suffix
        self._spared = spared
        self._code = code

    def __call__(self, event: Event) -> int | None:
        if event.kind != self._kind or not event.path.endswith(self._suffix):
            return None
        self._spared -= 1
        return self._code if self._spared < 0 else None
