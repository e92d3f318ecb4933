"""The database's one table, and telling our files from others.

The table keeps its rows by rowid with the keys in an index of their own, because rows
of megabytes in the leaves of a key-ordered tree (``WITHOUT ROWID``) would make each
search of it read overflow pages. ``data`` comes last, so that reading the columns
before it touches none of those pages either. Text compares by its UTF-8 bytes
(``BINARY``), which is the order of keys.

No column is declared NOT NULL or checked: who edits the file by hand gets a row that
is named as unreadable, not a database that refuses to work.
"""

import sqlite3

from pannier_server.backends.errors import TableMisconfigured

VERSION = 1
"""The layout that this module makes, in the file's ``user_version``."""

APPLICATION_ID = 0x506E7231
"""Marks the file as ours (``application_id``: "Pnr1")."""

_STATEMENTS = (
    """
    CREATE TABLE records (
        owner TEXT NOT NULL,
        name TEXT NOT NULL,
        version INTEGER,
        expires_at INTEGER,
        write_id TEXT,
        prev_write_id TEXT,
        data BLOB
    )
    """,
    "CREATE UNIQUE INDEX records_key ON records (owner, name)",
    # Only rows that expire are in it, in the order in which they do, with what a
    # clean-up of one owner's prefix filters by.
    """
    CREATE INDEX records_expiry ON records (expires_at, owner, name)
    WHERE expires_at IS NOT NULL
    """,
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
)


def create(connection: sqlite3.Connection, file: str) -> None:
    """Make the table in an empty database; leave one that has it as it is.

    Several processes may do this at once: one of them makes it.

    Raises:
        TableMisconfigured: The database is another application's.
        sqlite3.Error: SQLite refuses, or is busy with another process's attempt.
    """
    if not _is_empty(connection, file):
        return
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    if _is_empty(connection, file):
        for statement in _STATEMENTS:
            connection.execute(statement)
    connection.execute("COMMIT")


def verify(connection: sqlite3.Connection, file: str) -> None:
    """Return where the database has our table, in the layout that we know.

    Raises:
        TableMisconfigured: It has another layout, or is another application's.
        sqlite3.Error: SQLite cannot read it.
    """
    if _is_empty(connection, file):
        raise TableMisconfigured(
            f"{file}: it has lost its table; restore a backup, "
            "or restart to begin with an empty store"
        )
    found = _pragma(connection, "user_version")
    if found != VERSION:
        raise TableMisconfigured(
            f"{file}: it has layout {found}, this pannier-server knows layout {VERSION}; "
            "run the newer release that wrote it, or name another file"
        )


def _is_empty(connection: sqlite3.Connection, file: str) -> bool:
    """Tell whether nobody has used the database yet; ours is not empty.

    Raises:
        TableMisconfigured: Another application has used it.
    """
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    used = tables or _pragma(connection, "user_version")
    # Read last: a process that makes our table meanwhile commits the mark with it.
    application_id = _pragma(connection, "application_id")
    if application_id == APPLICATION_ID:
        return False
    if application_id or used:
        raise TableMisconfigured(f"{file}: it is another application's database; name another file")
    return True


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value
