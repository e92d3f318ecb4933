"""Importing: the records of an export, written with their own versions."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from pannier_server.backends.contract import Key
from pannier_server.backends.transfer import Outcome, RecordCopy, Replace, Restored
from pannier_server.transfer.progress import Progress
from pannier_server.transfer.reader import Batch, ExportReader
from pannier_server.transfer.verify import InputError

BATCHES_AT_ONCE = 2
"""So that the store has something to do while the last records of a batch are answered."""

Report = Callable[[Key, Restored], None]

_Answers = list[Restored | None]
_UnderWay = tuple[Batch, "asyncio.Task[_Answers]"]


class Write(Protocol):
    """`Transfer.restore` or, for a dry run, `Transfer.compare`."""

    async def __call__(
        self, copies: Sequence[RecordCopy], *, replace: Replace, now: int, patience: float
    ) -> Sequence[Restored]:
        """Return what became of each copy."""
        ...


class ImportCounts(msgspec.Struct, kw_only=True):
    """What became of the records of an export.

    Attributes:
        written: They are there now.
        same: They were there before.
        newer: A higher version was there, and stays.
        conflicts: Another record was there, and stays.
        refused: The store cannot hold them, or the row there cannot be read.
        expired: They have expired and were left out.
    """

    written: int = 0
    same: int = 0
    newer: int = 0
    conflicts: int = 0
    refused: int = 0
    expired: int = 0

    @property
    def records(self) -> int:
        """All of them together."""
        return sum(msgspec.structs.astuple(self))

    def add(self, outcome: Outcome) -> None:
        """Count a record."""
        name = _COUNTED_AS[outcome]
        setattr(self, name, getattr(self, name) + 1)


_COUNTED_AS = {
    Outcome.WRITTEN: "written",
    Outcome.SAME: "same",
    Outcome.NEWER: "newer",
    Outcome.CONFLICT: "conflicts",
    Outcome.REFUSED: "refused",
}


class DestinationChanged(Exception):
    """Records that an earlier attempt has written are not there any more."""


class Importer:
    """Writes one export into one store.

    Attributes:
        counts: What became of its records so far; those of an earlier attempt may be set.
        on_batch: Called when all up to the end of a batch is done, in the order of the input.
    """

    def __init__(
        self,
        write: Write,
        *,
        replace: Replace,
        now: Callable[[], int],
        patience: float,
        progress: Progress,
        report: Report,
    ) -> None:
        """Take what writes.

        Args:
            write: What writes records, or says what it would do.
            replace: Which live records may be replaced.
            now: The clock, in epoch seconds: what has expired is left out.
            patience: How long to go on trying where the store is busy or away, in seconds.
            progress: Where to show how far it is.
            report: Told of each conflict and each refusal.
        """
        self.counts = ImportCounts()
        self.on_batch: Callable[[Batch], None] = lambda _: None
        self._write = write
        self._replace = replace
        self._now = now
        self._patience = patience
        self._progress = progress
        self._report = report

    async def run(self, reader: ExportReader, *, done_lines: int = 0) -> ImportCounts:
        """Write what the reader gives, to the end.

        Args:
            reader: An export, its header read.
            done_lines: How many record lines from the start an earlier attempt has written.

        Returns:
            What became of the records.

        Raises:
            DestinationChanged: What that attempt has written is not there.
            InputError: The input is cut or no export. What came before was written.
            StorageError: The store cannot be written to.
            OSError: The input cannot be read.
        """
        under_way: deque[_UnderWay] = deque()
        try:
            await self._write_all(reader, under_way, done_lines)
        except InputError:
            await self._settle_all(under_way, done_lines)
            raise
        finally:
            for _, task in under_way:
                task.cancel()
            await asyncio.gather(*(task for _, task in under_way), return_exceptions=True)
        return self.counts

    async def _write_all(
        self, reader: ExportReader, under_way: deque[_UnderWay], done_lines: int
    ) -> None:
        while batch := await reader.batch():
            under_way.append((batch, asyncio.create_task(self._restore(batch.copies))))
            if len(under_way) == BATCHES_AT_ONCE:
                await self._settle(*under_way.popleft(), done_lines)
        await self._settle_all(under_way, done_lines)

    async def _settle_all(self, under_way: deque[_UnderWay], done_lines: int) -> None:
        while under_way:
            await self._settle(*under_way.popleft(), done_lines)

    async def _restore(self, copies: list[RecordCopy]) -> _Answers:
        """Return what became of each copy; None for one that has expired."""
        now = self._now()
        lives = [copy.expires_at is None or copy.expires_at > now for copy in copies]
        live = [copy for copy, is_live in zip(copies, lives, strict=True) if is_live]
        answers = iter(
            await self._write(live, replace=self._replace, now=now, patience=self._patience)
        )
        return [next(answers) if is_live else None for is_live in lives]

    async def _settle(self, batch: Batch, task: "asyncio.Task[_Answers]", done_lines: int) -> None:
        try:
            answers = await task
        finally:
            task.cancel()
        first = batch.lines - len(batch.copies)
        for line, (copy, answer) in enumerate(zip(batch.copies, answers, strict=True), first):
            if answer is None:
                self.counts.expired += 1
                continue
            if answer.outcome is Outcome.WRITTEN and line < done_lines:
                raise DestinationChanged
            self.counts.add(answer.outcome)
            if answer.outcome in {Outcome.CONFLICT, Outcome.REFUSED}:
                self._report(copy.key, answer)
        self._progress.show(self.counts.records)
        self.on_batch(batch)
