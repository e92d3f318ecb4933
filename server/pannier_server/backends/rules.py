"""The contract's rules over one row, without I/O.

A backend that can read a row and write it in one transaction asks these functions
what to do. One that lets the store check a condition (DynamoDB) asks them why the
check failed. Either way the order of the questions is the same: absent, made by this
very write (a retry), corrupt, expired, another version or etag.
"""

from dataclasses import dataclass

import msgspec

from pannier_server.backends.contract import MAX_VERSION, Key, Record, Unreadable, Write, Written
from pannier_server.backends.errors import (
    RecordCorrupt,
    RecordExists,
    RecordNotFound,
    RequestIdReused,
    VersionMismatch,
)
from pannier_server.backends.etags import format_etag, parse_etag


class Row(msgspec.Struct, frozen=True):
    """A readable row, live or expired.

    Attributes:
        data: The record's data.
        version: From 1 to `MAX_VERSION`.
        expires_at: Epoch seconds, or None for never.
        write_id: The id of the write that made it; None where others wrote it.
        previous_write_id: The id of the write before that one, or None.
    """

    data: bytes
    version: int
    expires_at: int | None
    write_id: str | None
    previous_write_id: str | None

    @property
    def etag(self) -> str:
        """The etag of this version."""
        return format_etag(self.version, self.write_id)

    def is_live(self, now: int) -> bool:
        """Tell whether the record is there at a clock reading."""
        return self.expires_at is None or self.expires_at > now

    def to_record(self, key: Key) -> Record:
        """Return the row as the record at a key."""
        return Record(key, self.data, self.version, self.etag, self.expires_at)


@dataclass(frozen=True, slots=True)
class CorruptRow:
    """A row that is no record, and why."""

    problem: str


def corrupt(problem: str) -> RecordCorrupt:
    """Return the error for a row that cannot be read."""
    return RecordCorrupt(f"the stored row cannot be read: {problem}; repair it or delete it")


def read_row(row: Row | CorruptRow | None, key: Key, now: int) -> Record:
    """Return the live record in a row.

    Raises:
        RecordNotFound: The row is absent or expired.
        RecordCorrupt: The row is no record.
    """
    if isinstance(row, CorruptRow):
        raise corrupt(row.problem)
    if row is None or not row.is_live(now):
        raise not_found()
    return row.to_record(key)


def not_found() -> RecordNotFound:
    """Return the error for an absent or expired record."""
    return RecordNotFound("no live record has this key: it was never written, deleted, or expired")


def list_row(row: Row | CorruptRow, key: Key, now: int) -> Record | Unreadable | None:
    """Return what a list shows of a row: nothing where it is expired."""
    if isinstance(row, CorruptRow):
        return Unreadable(key, row.problem)
    return row.to_record(key) if row.is_live(now) else None


def put_over(row: Row | CorruptRow | None, write: Write) -> Row | Written:
    """Return the row that a put writes, or what an earlier attempt at it wrote.

    Raises:
        RequestIdReused: The row carries the write id, but not of this write.
        RecordCorrupt: The row is no record, or its version cannot grow.
    """
    if isinstance(row, CorruptRow):
        raise corrupt(row.problem)
    if row is None:
        return _first(write)
    return _earlier_attempt(row, write, expected_version=None) or _next(row, write)


def put_over_version(
    row: Row | CorruptRow | None, write: Write, *, expected_version: int, etag: str, now: int
) -> Row | Written:
    """Return the row that a conditional put writes, or what an earlier attempt wrote.

    Raises:
        RecordNotFound: A version is expected and no live record is there.
        RecordExists: None is expected and a live record is there.
        VersionMismatch: The live record has another version or etag.
        RequestIdReused: The row carries the write id, but not of this write.
        RecordCorrupt: The row is no record, or its version cannot grow.
    """
    if isinstance(row, CorruptRow):
        raise corrupt(row.problem)
    if row is None:
        if expected_version:
            raise not_found()
        return _first(write)
    earlier = _earlier_attempt(row, write, expected_version=expected_version)
    if earlier:
        return earlier
    if expected_version:
        _require_version(row, expected_version=expected_version, etag=etag, now=now)
    elif row.is_live(now):
        raise RecordExists(f"a live record has this key already, at version {row.version}")
    return _next(row, write)


def delete_over(
    row: Row | CorruptRow | None, *, expected_version: int | None, etag: str, now: int
) -> bool:
    """Return whether a delete that finds this row removes a live record.

    Raises:
        VersionMismatch: The live record has another version or etag.
        RecordCorrupt: The delete is conditional and the row is no record.
    """
    conditional = bool(expected_version or etag)
    if isinstance(row, CorruptRow):
        if conditional:
            raise corrupt(row.problem)
        return True
    if row is None or not row.is_live(now):
        return False
    if conditional:
        wanted = expected_version or parse_etag(etag).version
        _check_version(row, wanted, etag, reported=expected_version or 0)
    return True


def proves_not_applied(row: Row, *, expected_version: int, etag: str) -> bool:
    """Tell whether a row shows that a conditional put cannot have been applied.

    A write id is used once. Where the row directly follows the very version that the
    put expected, and another write made it, then nothing else ever followed that
    version. Only an etag names that version beyond a delete and a create.
    """
    expected_write_id = parse_etag(etag).write_id if etag else None
    return (
        expected_write_id is not None
        and row.version == expected_version + 1
        and row.previous_write_id == expected_write_id
    )


def _first(write: Write) -> Row:
    return Row(write.data, 1, write.expires_at, write.write_id, None)


def _next(row: Row, write: Write) -> Row:
    if row.version >= MAX_VERSION:
        raise corrupt(f"its version is {MAX_VERSION} and cannot grow")
    return Row(write.data, row.version + 1, write.expires_at, write.write_id, row.write_id)


def _earlier_attempt(row: Row, write: Write, *, expected_version: int | None) -> Written | None:
    """Return what an earlier attempt at this write made, or None where none shows.

    Raises:
        RequestIdReused: The write id is there, but data, expiry or version do not fit.
    """
    if row.write_id == write.write_id:
        version = row.version
        fits = (row.data, row.expires_at) == (write.data, write.expires_at)
    elif row.previous_write_id == write.write_id:
        version = row.version - 1
        fits = True
    else:
        return None
    # A create over an expired row goes on with its version, so any version fits it.
    if not fits or version < 1 or (expected_version and version != expected_version + 1):
        raise RequestIdReused(
            "request_id was used for another write to this key; "
            "make a new UUID for each write and keep it only for that write's retries"
        )
    return Written(version, format_etag(version, write.write_id), is_retry=True)


def _require_version(row: Row, *, expected_version: int, etag: str, now: int) -> None:
    if not row.is_live(now):
        raise not_found()
    _check_version(row, expected_version, etag, reported=expected_version)


def _check_version(row: Row, wanted: int, etag: str, *, reported: int) -> None:
    if row.version != wanted or (etag and row.etag != etag):
        raise VersionMismatch(
            expected_version=reported, actual_version=row.version, actual_etag=row.etag
        )
