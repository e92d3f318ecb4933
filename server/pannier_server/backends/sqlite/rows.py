"""Rows of the table: reading, judging and writing one."""

import sqlite3
from collections.abc import Callable
from typing import Any

from pannier_server.backends import rules
from pannier_server.backends.contract import MAX_VERSION, Key, Record, Write, Written
from pannier_server.backends.rules import CorruptRow, Row

_GET = """
SELECT version, expires_at, write_id, prev_write_id, data
FROM records WHERE owner = ? AND name = ?
"""

# The old data decide only whether a write is a retry, which its write id shows first;
# else they are not read, however large. Data of a wrong type are, to be named.
_FIND = """
SELECT version, expires_at, write_id, prev_write_id,
    CASE WHEN write_id = ? OR typeof(data) <> 'blob' THEN data ELSE x'' END, rowid
FROM records WHERE owner = ? AND name = ?
"""

_INSERT = """
INSERT INTO records (version, expires_at, write_id, prev_write_id, data, owner, name)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""

_UPDATE = """
UPDATE records SET version = ?, expires_at = ?, write_id = ?, prev_write_id = ?, data = ?
WHERE rowid = ?
"""

# A copy is compared with all that is there.
_FIND_WHOLE = """
SELECT version, expires_at, write_id, prev_write_id, data, rowid
FROM records WHERE owner = ? AND name = ?
"""

_TYPES = {str: "a string", bytes: "bytes", int: "a number", float: "a number"}


def get(connection: sqlite3.Connection, key: Key, now: int) -> Record:
    """Return the live record at a key.

    Raises:
        RecordNotFound: None is there.
        RecordCorrupt: The row cannot be read.
    """
    found = connection.execute(_GET, (key.owner, key.name)).fetchone()
    return rules.read_row(found and decode(*found), key, now)


def probe(connection: sqlite3.Connection) -> None:
    """Read from the table, to see that it can be read.

    Raises:
        sqlite3.Error: It cannot.
    """
    connection.execute("SELECT 1 FROM records LIMIT 1").fetchone()


def put(
    connection: sqlite3.Connection,
    key: Key,
    write: Write,
    decide: Callable[[Row | CorruptRow | None], Row | Written],
) -> Written:
    """Write what ``decide`` makes of the row that is there.

    Raises:
        StorageError: ``decide`` refuses; nothing was written.
    """
    rowid, stored = _find(connection, key, write.write_id)
    decision = decide(stored)
    if isinstance(decision, Written):
        return decision
    store(connection, key, decision, rowid)
    return Written(decision.version, decision.etag)


def store(connection: sqlite3.Connection, key: Key, row: Row, rowid: int | None) -> None:
    """Write a row as it is, over the one with a rowid or, with None, where there is none."""
    columns = (row.version, row.expires_at, row.write_id, row.previous_write_id, row.data)
    if rowid is None:
        connection.execute(_INSERT, (*columns, key.owner, key.name))
    else:
        connection.execute(_UPDATE, (*columns, rowid))


def delete(
    connection: sqlite3.Connection, key: Key, *, expected_version: int | None, etag: str, now: int
) -> bool:
    """Delete the row at a key where the rules allow it; tell whether it was live.

    Raises:
        VersionMismatch: The live record has another version or etag.
        RecordCorrupt: The delete is conditional and the row cannot be read.
    """
    rowid, stored = _find(connection, key, None)
    deleted = rules.delete_over(stored, expected_version=expected_version, etag=etag, now=now)
    if rowid is not None:
        connection.execute("DELETE FROM records WHERE rowid = ?", (rowid,))
    return deleted


def decode(
    version: Any, expires_at: Any, write_id: Any, previous_write_id: Any, data: Any
) -> Row | CorruptRow:
    """Return a row from its columns, or what is wrong with them."""
    problem = _version_problem(version) or _data_problem(data)
    if problem is None and expires_at is not None:
        problem = _number_problem("expires_at", expires_at)
    if problem is not None:
        return CorruptRow(problem)
    return Row(data, version, expires_at, _text(write_id), _text(previous_write_id))


def find_whole(
    connection: sqlite3.Connection, key: Key
) -> tuple[int | None, Row | CorruptRow | None]:
    """Return the row at a key with all of its data, and its rowid; None where there is none."""
    found = connection.execute(_FIND_WHOLE, (key.owner, key.name)).fetchone()
    return (found[-1], decode(*found[:-1])) if found else (None, None)


def _find(
    connection: sqlite3.Connection, key: Key, write_id: str | None
) -> tuple[int | None, Row | CorruptRow | None]:
    found = connection.execute(_FIND, (write_id, key.owner, key.name)).fetchone()
    return (found[-1], decode(*found[:-1])) if found else (None, None)


def _text(value: Any) -> str | None:
    return value if type(value) is str else None


def _version_problem(version: Any) -> str | None:
    if type(version) is int and version < 1:
        return f"version is {version}, not from 1 to {MAX_VERSION}"
    return _number_problem("version", version)


def _number_problem(column: str, value: Any) -> str | None:
    if type(value) is int:
        return None
    if type(value) is float:
        # SQLite keeps a whole number as a fraction only where it exceeds 64 bits.
        return f"{column} is {value}, not a whole number of 64 bits"
    return _type_problem(column, value, "a number")


def _data_problem(data: Any) -> str | None:
    return None if type(data) is bytes else _type_problem("data", data, "bytes")


def _type_problem(column: str, value: Any, wanted: str) -> str:
    if value is None:
        return f"{column} is missing"
    return f"{column} is {_TYPES[type(value)]}, not {wanted}"
