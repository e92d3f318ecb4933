"""Copying records out of a store and into another: what a backend can offer beside the contract.

It is optional. A backend that offers it has a method ``transfer`` (`TransferableBackend`);
``pannier export`` and ``pannier import`` refuse one that has not. Each obligation below is
a test of `pannier_server.testing.contract.transfers`.

What travels is a record's key, data, version and expiry. Write ids stay behind, so a copy
has an etag of its own.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol, runtime_checkable

import msgspec

from pannier_server.backends.contract import Key, Prefix, StorageBackend, Unreadable
from pannier_server.backends.rules import CorruptRow, Row


class RecordCopy(msgspec.Struct, frozen=True):
    """A record as it travels between stores.

    Attributes:
        key: Where it is, in both of them.
        data: Its data.
        version: From 1 to `MAX_VERSION`.
        expires_at: When it expires, in epoch seconds; None for never.
    """

    key: Key
    data: bytes
    version: int
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class ScanPage:
    """A piece of a scan.

    Attributes:
        rows: Live records and rows that cannot be read.
        expired: How many rows were left out because they have expired.
        foreign: How many were left out because no key can name them: others' rows.
        position: From where a scan goes on behind this page, for the backend alone to
            understand; text that a file can hold.
    """

    rows: Sequence[RecordCopy | Unreadable]
    expired: int
    foreign: int
    position: str


class Replace(Enum):
    """Which live records of the destination a copy may replace.

    Attributes:
        NOTHING: None.
        OLDER: Those with a lower version.
        ANYTHING: All that can be read.
    """

    NOTHING = auto()
    OLDER = auto()
    ANYTHING = auto()


class Outcome(Enum):
    """What became of a copy.

    Attributes:
        WRITTEN: It is there now.
        SAME: It was there before, with the same version, data and expiry.
        NEWER: A record with a higher version is there, and stays (`Replace.OLDER` only).
        CONFLICT: Another record is there, and stays.
        REFUSED: The store cannot hold it, or the row there cannot be read; nothing was done.
    """

    WRITTEN = auto()
    SAME = auto()
    NEWER = auto()
    CONFLICT = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of one copy, and why.

    Attributes:
        outcome: What became of it.
        problem: For a conflict or a refusal, what is in the way, for people; it names no key.
    """

    outcome: Outcome
    problem: str = ""


class Transfer(Protocol):
    """Reads a whole store, and writes records as they are."""

    async def open_source(self) -> None:
        """Take hold of what reading needs, in place of `StorageBackend.open`.

        It makes nothing that is not there: no file, no table. `StorageBackend.close` ends it.

        Raises:
            StorageError: The store is not there or not usable.
        """
        ...

    def scan(
        self, prefix: Prefix | None, *, now: int, position: str | None, patience: float
    ) -> AsyncGenerator[ScanPage, None]:
        """Read every record, of the whole store or under a prefix, page by page.

        Each row that is there during the whole scan is seen once, as it was at one moment.
        The scan is no snapshot: of what is written meanwhile it may see the old or the new.
        From a page's ``position`` another scan goes on behind all pages up to this one,
        also in another process. Pages hold about a megabyte, and few are read ahead.

        Args:
            prefix: Whose records; None for all.
            now: The clock: what expires at it or before is left out, and counted.
            position: Where to go on; None for the start.
            patience: How long to go on trying where the store is busy or away, in seconds.

        Raises:
            StorageError: The store cannot be read, or the position is none of its own.
        """
        ...

    async def restore(
        self, copies: Sequence[RecordCopy], *, replace: Replace, now: int, patience: float
    ) -> Sequence[Restored]:
        """Write copies with their own versions, each by one conditional write.

        Where no live record is, the copy is written. Where one is, `restore_over` says what
        becomes of it, as of the very check of the write. Doing it again changes nothing.

        Args:
            copies: What to write, each key once, none of them expired.
            replace: Which live records may be replaced.
            now: The clock that says which rows have expired.
            patience: As for `scan`, for each write.

        Returns:
            What became of each copy, in their order.

        Raises:
            StorageError: The store cannot be written to. Some copies may have been written.
        """
        ...

    async def compare(
        self, copies: Sequence[RecordCopy], *, replace: Replace, now: int, patience: float
    ) -> Sequence[Restored]:
        """Return what `restore` would answer now, and write nothing; see there.

        `open_source` is enough for it. What a store refuses for its size need not show.
        """
        ...


@runtime_checkable
class TransferableBackend(StorageBackend, Protocol):
    """A store whose records can be copied."""

    def transfer(self) -> Transfer:
        """Return what copies this store's records; nothing is asked of the store yet."""
        ...


def restore_over(
    row: Row | CorruptRow | None, copy: RecordCopy, *, replace: Replace, now: int
) -> Restored:
    """Return what becomes of a copy over a row; `Outcome.WRITTEN` says that it may be written."""
    if isinstance(row, CorruptRow):
        return refused(f"the row that is there cannot be read: {row.problem}")
    if row is None or not row.is_live(now):
        return Restored(Outcome.WRITTEN)
    if (row.version, row.data, row.expires_at) == (copy.version, copy.data, copy.expires_at):
        return Restored(Outcome.SAME)
    if replace is Replace.ANYTHING or (replace is Replace.OLDER and row.version < copy.version):
        return Restored(Outcome.WRITTEN)
    if replace is Replace.OLDER and row.version > copy.version:
        return Restored(Outcome.NEWER)
    return Restored(Outcome.CONFLICT, _difference(row, copy))


def refused(problem: str) -> Restored:
    """Return the answer about a copy that cannot be written."""
    return Restored(Outcome.REFUSED, problem)


def too_large(copy: RecordCopy, limit: int) -> Restored | None:
    """Return the refusal of a copy with more data than a store holds; None where it fits."""
    if len(copy.data) <= limit:
        return None
    return refused(
        f"its data has {len(copy.data):,} bytes, and this store holds up to {limit:,} in a record"
    )


def _difference(row: Row, copy: RecordCopy) -> str:
    if row.version != copy.version:
        return f"version {row.version} is there, not {copy.version}"
    what = "data" if row.data != copy.data else "expiry"
    return f"version {row.version} is there too, with other {what}"
