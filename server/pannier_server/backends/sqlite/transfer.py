"""Copying records out of the file and into it, while sidecars may serve the same file.

Reading is done a page at a time, each in a transaction of its own, so that a long export
does not keep the log from being moved into the file. Writing is done by the transactions
that every other write uses, many copies in one.
"""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import closing
from functools import partial
from typing import Any
from uuid import uuid4

import msgspec

from pannier_server.backends.contract import Call, Key, Prefix, Unreadable
from pannier_server.backends.errors import StorageError, StoreMisconfigured
from pannier_server.backends.rules import CorruptRow, Row
from pannier_server.backends.sqlite import rows
from pannier_server.backends.sqlite.location import Location
from pannier_server.backends.sqlite.pages import IN_RANGE, name_range
from pannier_server.backends.sqlite.worker import Worker
from pannier_server.backends.transfer import (
    Outcome,
    RecordCopy,
    Replace,
    Restored,
    ScanPage,
    restore_over,
    too_large,
)

PAGE_ROWS = 1_000
PAGE_BYTES = 1 << 20
"""What one page looks at and holds at most, but for its last row."""

OPEN_SECONDS = 10.0

_COLUMNS = """
SELECT CAST(owner AS BLOB), CAST(name AS BLOB), version, expires_at, write_id, prev_write_id, data
FROM records INDEXED BY records_key
"""
# Keys are text; whatever else someone put there by hand, no key can name.
_BEHIND = """
(owner, name) > (CAST(:owner AS TEXT), CAST(:low AS TEXT))
AND typeof(owner) = 'text' AND typeof(name) = 'text'
"""
_ALL = f"{_COLUMNS} WHERE {_BEHIND} ORDER BY owner, name"
_OF_PREFIX = f"{_COLUMNS} WHERE {IN_RANGE} ORDER BY name"

Position = tuple[bytes, bytes]
"""The owner and the name behind which a scan goes on, in UTF-8 as far as they are text."""


class SqliteTransfer:
    """Keeps the obligations of `pannier_server.backends.transfer.Transfer`."""

    def __init__(
        self, location: Location, reader: Worker, writer: Worker, *, max_data_bytes: int
    ) -> None:
        """Take the file and the threads that read and write it."""
        self._location = location
        self._reader = reader
        self._writer = writer
        self._max_data_bytes = max_data_bytes

    async def open_source(self) -> None:
        """Open the file for reading, where there is one.

        Raises:
            StorageError: There is none, or it cannot be used.
        """
        if not self._location.path.exists():
            raise StoreMisconfigured(
                f"{self._location.path}: there is no such file; "
                "name one that a sidecar has made in --store sqlite:///path/file.db"
            )
        await self._reader.start(asyncio.get_running_loop().time() + OPEN_SECONDS)

    async def scan(
        self, prefix: Prefix | None, *, now: int, position: str | None, patience: float
    ) -> AsyncGenerator[ScanPage, None]:
        """Read every record in the order of keys."""
        behind = _read_position(position)
        while True:
            work = partial(_read_page, prefix=prefix, behind=behind, now=now)
            page, behind = await self._reader.submit(work, _call(now, patience))
            if behind is None:
                return
            yield page

    async def restore(
        self, copies: Sequence[RecordCopy], *, replace: Replace, now: int, patience: float
    ) -> Sequence[Restored]:
        """Write copies with their own versions, in one transaction."""
        work = partial(self._restore, copies=copies, replace=replace, now=now)
        return await self._writer.submit(work, _call(now, patience))

    async def compare(
        self, copies: Sequence[RecordCopy], *, replace: Replace, now: int, patience: float
    ) -> Sequence[Restored]:
        """Return what `restore` would answer."""
        work = partial(self._compare, copies=copies, replace=replace, now=now)
        return await self._reader.submit(work, _call(now, patience))

    def _restore(
        self,
        connection: sqlite3.Connection,
        copies: Sequence[RecordCopy],
        replace: Replace,
        now: int,
    ) -> list[Restored]:
        answers = []
        for copy in copies:
            rowid, row = rows.find_whole(connection, copy.key)
            answer = self._judge(row, copy, replace, now)
            if answer.outcome is Outcome.WRITTEN:
                restored = Row(copy.data, copy.version, copy.expires_at, str(uuid4()), None)
                rows.store(connection, copy.key, restored, rowid)
            answers.append(answer)
        return answers

    def _compare(
        self,
        connection: sqlite3.Connection,
        copies: Sequence[RecordCopy],
        replace: Replace,
        now: int,
    ) -> list[Restored]:
        return [
            self._judge(rows.find_whole(connection, copy.key)[1], copy, replace, now)
            for copy in copies
        ]

    def _judge(
        self, row: Row | CorruptRow | None, copy: RecordCopy, replace: Replace, now: int
    ) -> Restored:
        too_much = too_large(copy, self._max_data_bytes)
        return too_much or restore_over(row, copy, replace=replace, now=now)


def _call(now: int, patience: float) -> Call:
    return Call(now, asyncio.get_running_loop().time() + patience)


def _read_page(
    connection: sqlite3.Connection, prefix: Prefix | None, behind: Position | None, now: int
) -> tuple[ScanPage, Position | None]:
    """Return a page and the position of its last row; None where no row is left."""
    statement, values = _select(prefix, behind)
    with closing(connection.execute(statement, values)) as cursor:
        return _collect(cursor, now)


def _select(prefix: Prefix | None, behind: Position | None) -> tuple[str, dict[str, Any]]:
    if prefix is None:
        owner, name = behind or (b"", b"")
        return _ALL, {"owner": owner, "low": name}
    values = name_range(prefix)
    if behind is not None:
        # The name after it in byte order is itself with a zero byte behind it.
        values["low"] = behind[1] + b"\0"
    return _OF_PREFIX, values


def _collect(found: Iterable[tuple[Any, ...]], now: int) -> tuple[ScanPage, Position | None]:
    shown: list[RecordCopy | Unreadable] = []
    expired = foreign = size = 0
    last: Position | None = None
    for scanned, (owner, name, *columns) in enumerate(found, start=1):
        last = (owner, name)
        key = _read_key(owner, name)
        row = rows.decode(*columns)
        if key is None:
            foreign += 1
        elif isinstance(row, CorruptRow):
            shown.append(Unreadable(key, row.problem))
        elif not row.is_live(now):
            expired += 1
        else:
            shown.append(RecordCopy(key, row.data, row.version, row.expires_at))
            size += len(row.data)
        if scanned >= PAGE_ROWS or size >= PAGE_BYTES:
            break
    return ScanPage(shown, expired, foreign, _position(last)), last


def _read_key(owner: bytes, name: bytes) -> Key | None:
    """Return the key of a row; None where no key can name it."""
    try:
        key = Key(owner.decode(), name.decode())
    except UnicodeDecodeError:
        return None
    return key if key.owner and key.name and ":" not in key.owner else None


def _position(last: Position | None) -> str:
    return msgspec.json.encode(last).decode()


def _read_position(position: str | None) -> Position | None:
    if position is None:
        return None
    try:
        owner, name = msgspec.json.decode(position, type=tuple[bytes, bytes])
    except msgspec.DecodeError:
        raise StorageError("the position to go on from was not made by this store") from None
    return owner, name
