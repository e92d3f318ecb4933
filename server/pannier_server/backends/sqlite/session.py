"""One thread's connection to the database, opened again after a fault."""

import sqlite3
from contextlib import suppress
from functools import partial

from pannier_server.backends.errors import TableMisconfigured
from pannier_server.backends.sqlite import schema
from pannier_server.backends.sqlite.faults import DATABASE_FAULTS
from pannier_server.backends.sqlite.location import Location

SYNCHRONOUS = "FULL"
"""In WAL mode FULL syncs the log with each commit; NORMAL would lose answered writes."""

SETTINGS = (
    # macOS: fsync leaves data in the drive's cache, this does not.
    "PRAGMA fullfsync = ON",
    # 1 MiB of pages; the kernel caches the file anyway.
    "PRAGMA cache_size = -1024",
    "PRAGMA mmap_size = 0",
    # Give the disk back after a burst of writes, and do not zero pages that are only freed.
    "PRAGMA journal_size_limit = 16777216",
    "PRAGMA secure_delete = FAST",
)


class Session:
    """A connection that is there when needed. All but the constructor: one thread only."""

    def __init__(self, location: Location, *, writes: bool) -> None:
        """Keep what to open. The session that ``writes`` makes the file and its table."""
        self.location = location
        self._writes = writes
        self._creates = writes
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None

    def connection(self) -> sqlite3.Connection:
        """Return a connection to the file that now has the path.

        A file that was moved away or replaced is let go of: what is written to it
        would be answered and lost. Once it was there, a missing file is an error and
        not made again.

        Raises:
            StorageError: The file cannot be used.
            sqlite3.Error: The same in SQLite's words, or it is busy.
        """
        if self._connection is not None and self._file_identity() != self._identity:
            self.discard()
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    def rollback(self) -> None:
        """Undo an unfinished transaction, where there is one."""
        if self._connection is None or not self._connection.in_transaction:
            return
        try:
            self._connection.execute("ROLLBACK")
        except DATABASE_FAULTS:
            self.discard()

    def discard(self) -> None:
        """Close the connection, so that the next call opens another."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with suppress(*DATABASE_FAULTS):
                connection.close()

    def close(self) -> None:
        """Move the log into the file, as far as other processes allow, and close."""
        if self._connection is not None and self._writes:
            with suppress(*DATABASE_FAULTS):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.discard()
        self._creates = self._writes

    def _open(self) -> sqlite3.Connection:
        if self._creates:
            self.location.make_file()
        connection = sqlite3.connect(
            f"{self.location.path.as_uri()}?mode=rw", uri=True, timeout=0, isolation_level=None
        )
        try:
            self._set_up(connection)
            if self._writes:
                self._settle(connection)
        except BaseException:
            connection.close()
            raise
        self._identity = self._file_identity()
        self._creates = False
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        file = str(self.location.path)
        # A write id that is no UTF-8 must not make its row unreadable.
        connection.text_factory = partial(str, encoding="utf-8", errors="replace")
        for setting in (*SETTINGS, f"PRAGMA synchronous = {SYNCHRONOUS}"):
            connection.execute(setting)
        if self._creates:
            schema.create(connection, file)
        schema.verify(connection, file)
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise TableMisconfigured(
                f"{file}: SQLite cannot keep a write-ahead log there; "
                "use a local file system that this user may write"
            )
        if not self._writes:
            connection.execute("PRAGMA query_only = ON")

    def _settle(self, connection: sqlite3.Connection) -> None:
        """Bring to the disk what was found in the log.

        A process that died may have left a commit there that it had not synced. Once
        it shows, a retry or a read is answered by it, so it must not be lost again.

        Raises:
            StoreUnavailable: The disk fails.
        """
        # After a sync that failed, a later one proves nothing about what was written
        # before it. So the log is moved into the file, where there is room, and its new
        # length is synced too: an older log that comes back would undo that.
        with suppress(*DATABASE_FAULTS):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.location.sync()

    def _file_identity(self) -> tuple[int, int] | None:
        try:
            found = self.location.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
