"""What an error of SQLite means for a caller, and what to do about it.

Codes: https://sqlite.org/rescode.html. The lower eight bits are the primary code.
"""

import sqlite3
from pathlib import Path

from pannier_server.backends.errors import (
    AccessDenied,
    StorageError,
    StoreUnavailable,
    TableMisconfigured,
    WriteOutcome,
)

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}

_MEANINGS: dict[int, tuple[type[StorageError], str]] = {
    # Room comes and goes, so trying again makes sense; a permission has to be given.
    sqlite3.SQLITE_FULL: (StoreUnavailable, "free space on its file system"),
    sqlite3.SQLITE_READONLY: (
        AccessDenied,
        "let this user write the file, its -wal and -shm files and its folder",
    ),
    sqlite3.SQLITE_PERM: (AccessDenied, "let this user write the file and its folder"),
    sqlite3.SQLITE_CANTOPEN: (
        StoreUnavailable,
        "check that the file is still there and that this user may write it and its folder",
    ),
    sqlite3.SQLITE_IOERR: (StoreUnavailable, "check the disk, its file system and its quotas"),
    sqlite3.SQLITE_CORRUPT: (
        TableMisconfigured,
        "the file is damaged; restore a backup, or save what is left with sqlite3's .recover",
    ),
    sqlite3.SQLITE_NOTADB: (TableMisconfigured, "restore a backup or name another file"),
    sqlite3.SQLITE_ERROR: (
        TableMisconfigured,
        "its tables are not as Pannier made them; restore a backup or name another file",
    ),
}


DATABASE_FAULTS = (sqlite3.Error, MemoryError)
"""What SQLite raises: Python's module makes a MemoryError of SQLITE_NOMEM."""

Fault = sqlite3.Error | MemoryError | StorageError
"""What a transaction can fail with."""


def is_busy(error: Fault) -> bool:
    """Tell whether another connection is in the way, so that trying again helps."""
    return _primary_code(error) in _BUSY


def explain(error: Fault, path: Path, write_outcome: WriteOutcome) -> StorageError:
    """Return a new error that tells one caller why its operation failed."""
    if isinstance(error, StorageError):
        return type(error)(error.message, write_outcome=write_outcome)
    if isinstance(error, MemoryError):
        return StoreUnavailable(
            f"{path}: SQLite is out of memory; give the process more",
            write_outcome=write_outcome,
        )
    kind, advice = _MEANINGS.get(
        _primary_code(error), (StoreUnavailable, "see https://sqlite.org/rescode.html")
    )
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return kind(f"{path}: {error} ({name}); {advice}", write_outcome=write_outcome)


def _primary_code(error: Fault) -> int:
    # Errors that Python's own module raises have no code.
    code: int = getattr(error, "sqlite_errorcode", -1)
    return code & 0xFF if code >= 0 else code
