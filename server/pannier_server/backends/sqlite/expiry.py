"""Removing expired rows, a bounded number at a time."""

import sqlite3
from contextlib import closing

from pannier_server.backends.contract import Cleaned, Prefix
from pannier_server.backends.sqlite.pages import EXPIRED, IN_RANGE, name_range

MOST_ROWS = 500
MOST_BYTES = 16 * 1024 * 1024
"""What one step removes at most, so that other writers do not wait long for it: freeing
a row reads each of its pages."""

ALL = f"""
SELECT rowid, length(data) FROM records INDEXED BY records_expiry
WHERE {EXPIRED}
"""  # noqa: S608 (made of constants)
OF_PREFIX = f"{ALL} AND {IN_RANGE}"


def remove_expired(
    connection: sqlite3.Connection, prefix: Prefix | None, limit: int, now: int
) -> Cleaned:
    """Remove up to ``limit`` expired records, or as many as fit into one step.

    It sees and removes them in one transaction, so none that was written again goes.
    Rows that cannot be read stay: someone has to look at them.
    """
    found, more = _find(connection, prefix, min(limit, MOST_ROWS), now)
    connection.executemany("DELETE FROM records WHERE rowid = ?", found)
    return Cleaned(len(found), more=more)


def _find(
    connection: sqlite3.Connection, prefix: Prefix | None, limit: int, now: int
) -> tuple[list[tuple[int]], bool]:
    """Return the rows to remove, and whether there are others."""
    values = {"now": now} | (name_range(prefix) if prefix else {})
    found: list[tuple[int]] = []
    size = 0
    with closing(connection.execute(OF_PREFIX if prefix else ALL, values)) as cursor:
        for rowid, data_bytes in cursor:
            if len(found) == limit or size >= MOST_BYTES:
                return found, True
            found.append((rowid,))
            size += data_bytes
    return found, False
