"""Lists: one page, read row by row from the index of keys.

SQLite hands rows over one at a time, and Python's module asks for one ahead: a page
costs the rows that it holds and one more.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from typing import Any

from pannier_server.backends import rules
from pannier_server.backends.contract import Key, Page, PageRequest, Prefix, Record, Unreadable
from pannier_server.backends.sqlite.rows import decode

MOST_SCANNED = 10_000
"""The most rows that one page looks at. Where so many are expired that the page is not
full by then, it ends there and says where to go on: the next list is not held up."""

EXPIRED = """
typeof(expires_at) = 'integer' AND expires_at <= :now
AND typeof(version) = 'integer' AND version > 0 AND typeof(data) = 'blob'
"""
"""A readable row that has expired by ``:now``."""

IN_RANGE = "owner = :owner AND name >= CAST(:low AS TEXT) AND name < CAST(:high AS TEXT)"
"""The rows of an owner from one name up to, not with, another (both as UTF-8 bytes)."""

_PAGE = f"""
SELECT CAST(name AS BLOB), {EXPIRED}, version, expires_at, write_id, prev_write_id,
    CASE WHEN {EXPIRED} THEN NULL ELSE data END
FROM records INDEXED BY records_key WHERE {IN_RANGE} ORDER BY name
"""  # noqa: S608 (made of constants)
_ANY = f"SELECT 1 FROM records INDEXED BY records_key WHERE {IN_RANGE} LIMIT 1"  # noqa: S608
ORDER = {False: f"{_PAGE} ASC", True: f"{_PAGE} DESC"}


def read_page(connection: sqlite3.Connection, request: PageRequest, now: int) -> Page:
    """Return the rows of a page."""
    values = _range_behind(request.after, request) | {"now": now}
    with closing(connection.execute(ORDER[request.descending], values)) as cursor:
        rows, last = _collect(cursor, request, now)
    if last is None or not connection.execute(_ANY, _range_behind(last, request)).fetchone():
        return Page(rows, None)
    return Page(rows, last)


def name_range(prefix: Prefix) -> dict[str, Any]:
    """Return the values of `IN_RANGE` for the names that start with a prefix."""
    low = prefix.name.encode()
    # No byte of UTF-8 is 0xFF: adding one to the last is the end of what starts so.
    high = low[:-1] + bytes([low[-1] + 1]) if low else b"\xff"
    return {"owner": prefix.owner, "low": low, "high": high}


def _range_behind(after: str | None, request: PageRequest) -> dict[str, Any]:
    """Return the values of `IN_RANGE` for what a list shows behind a name."""
    values = name_range(request.prefix)
    if after is None:
        return values
    if request.descending:
        return values | {"high": after.encode()}
    # The name after it in byte order is itself with a zero byte behind it.
    return values | {"low": after.encode() + b"\0"}


def _collect(
    found: Iterable[tuple[Any, ...]], request: PageRequest, now: int
) -> tuple[list[Record | Unreadable], str | None]:
    """Return a page's rows, and the name behind which more may follow (None: nothing)."""
    rows: list[Record | Unreadable] = []
    size = 0
    for scanned, (encoded_name, expired, *columns) in enumerate(found, start=1):
        name = _decode_name(encoded_name)
        if name is None:
            continue
        shown = None if expired else _show(columns, Key(request.prefix.owner, name), now)
        if shown is not None:
            rows.append(shown)
            size += len(shown.data) if isinstance(shown, Record) else 0
        if len(rows) >= request.max_rows or size >= request.max_bytes or scanned >= MOST_SCANNED:
            return rows, name
    return rows, None


def _show(columns: list[Any], key: Key, now: int) -> Record | Unreadable | None:
    return rules.list_row(decode(*columns), key, now)


def _decode_name(encoded: bytes) -> str | None:
    """Return a name; None for one that is no UTF-8, which no key can reach or say."""
    try:
        return encoded.decode()
    except UnicodeDecodeError:
        return None
