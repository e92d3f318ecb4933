"""The SQLite backend: each method is handed to one of three threads."""

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial

from pannier_server.backends import rules
from pannier_server.backends.contract import (
    Call,
    Cleaned,
    Key,
    Page,
    PageRequest,
    Prefix,
    Record,
    Write,
    Written,
)
from pannier_server.backends.errors import DeadlineExceeded, StoreUnavailable
from pannier_server.backends.rules import CorruptRow, Row
from pannier_server.backends.sqlite import expiry, pages, rows
from pannier_server.backends.sqlite.location import Location
from pannier_server.backends.sqlite.session import Session
from pannier_server.backends.sqlite.transfer import SqliteTransfer
from pannier_server.backends.sqlite.worker import Worker

OPEN_SECONDS = 10.0
"""How long `SqliteBackend.open` waits for another process that holds the file's lock."""

_MOST_WRITES = 128
_MOST_READS = 64


class SqliteBackend:
    """Keeps records in a file. Writes that wait at the same time share one commit."""

    max_data_bytes = 4 * 1024 * 1024 - 1

    def __init__(self, location: Location, *, expiry_json_field: str | None = None) -> None:
        """Keep where the file is; ``expiry_json_field`` is a setting of the store."""
        self.expiry_json_field = expiry_json_field
        self._location = location
        self._writer = Worker(
            "pannier-sqlite-write",
            Session(location, writes=True),
            begin="BEGIN IMMEDIATE",
            most=_MOST_WRITES,
        )
        self._reader = Worker(
            "pannier-sqlite-read",
            Session(location, writes=False),
            begin="BEGIN",
            most=_MOST_READS,
        )
        # One page at a time: each is answered, and its memory given up, before the next.
        self._lister = Worker(
            "pannier-sqlite-list", Session(location, writes=False), begin="BEGIN", most=1
        )
        self._open = False

    @property
    def description(self) -> str:
        """What and where the store is."""
        return f"SQLite, {self._location.path}"

    async def open(self) -> None:
        """Open the file, and make it and its table where they are missing.

        Raises:
            StorageError: It cannot be used; the message names it and says why.
        """
        if self._open:
            return
        self._open = True
        deadline = asyncio.get_running_loop().time() + OPEN_SECONDS
        try:
            # The writer makes the file that the others only open.
            for worker in (self._writer, self._reader, self._lister):
                await worker.start(deadline)
        except DeadlineExceeded:
            await self.close()
            raise StoreUnavailable(
                f"{self._location.path}: another process has held the database's lock "
                f"for {OPEN_SECONDS:g} s; end it, or name another file"
            ) from None
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Finish accepted work, move the log into the file and close it."""
        self._open = False
        # The last connection to close removes the log.
        for worker in (self._lister, self._reader, self._writer):
            await worker.stop()

    async def check(self, call: Call) -> None:
        """Read from the table."""
        await self._reader.submit(rows.probe, call)

    async def get(self, key: Key, *, consistent: bool, call: Call) -> Record:
        """Return the live record at a key."""
        return await self._reader.submit(partial(rows.get, key=key, now=call.now), call)

    async def put(self, key: Key, write: Write, call: Call) -> Written:
        """Write a record whatever is there."""
        return await self._put(key, write, partial(rules.put_over, write=write), call)

    async def put_if_version(
        self, key: Key, write: Write, *, expected_version: int, etag: str, call: Call
    ) -> Written:
        """Write a record over the expected version only."""
        decide = partial(
            rules.put_over_version,
            write=write,
            expected_version=expected_version,
            etag=etag,
            now=call.now,
        )
        return await self._put(key, write, decide, call)

    async def delete(
        self, key: Key, *, expected_version: int | None, etag: str, call: Call
    ) -> bool:
        """Delete a record, unconditionally or at a version or etag only."""
        work = partial(
            rows.delete, key=key, expected_version=expected_version, etag=etag, now=call.now
        )
        return await self._writer.submit(work, call)

    async def list_page(self, request: PageRequest, call: Call) -> Page:
        """Return the next rows of a list."""
        work = partial(pages.read_page, request=request, now=call.now)
        return await self._lister.submit(work, call)

    async def cleanup_expired(self, prefix: Prefix | None, *, limit: int, call: Call) -> Cleaned:
        """Remove up to ``limit`` expired records, other writes taking turns with it."""
        removed = 0
        while True:
            work = partial(
                expiry.remove_expired, prefix=prefix, limit=limit - removed, now=call.now
            )
            try:
                step = await self._writer.submit(work, call)
            except DeadlineExceeded:
                return Cleaned(removed, more=True)
            removed += step.removed
            if not step.more or removed >= limit:
                return Cleaned(removed, more=step.more)

    def transfer(self) -> SqliteTransfer:
        """Return what copies records out of the file and into it."""
        return SqliteTransfer(
            self._location, self._lister, self._writer, max_data_bytes=self.max_data_bytes
        )

    async def _put(
        self,
        key: Key,
        write: Write,
        decide: Callable[[Row | CorruptRow | None], Row | Written],
        call: Call,
    ) -> Written:
        work: Callable[[sqlite3.Connection], Written] = partial(
            rows.put, key=key, write=write, decide=decide
        )
        return await self._writer.submit(work, call)
