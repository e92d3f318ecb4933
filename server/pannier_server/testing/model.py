"""What a store of versioned records must do, as plainly as it can be written.

The model is for comparison with real backends, so it shares no code with them. It
knows rows as a dictionary and each operation as a function from what is there to what
is answered. One thing it cannot know: whether an expired row is still stored or was
reaped. So it works out the answers for both cases, and learns from the answer which
one it was.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

from pannier_server.backends.contract import Key, Record, Write
from pannier_server.backends.errors import (
    RecordExists,
    RecordNotFound,
    RequestIdReused,
    StorageError,
    VersionMismatch,
)
from pannier_server.backends.etags import format_etag


@dataclass(frozen=True)
class Row:
    """What is stored at a key.

    Attributes:
        version: Its version.
        data: Its data.
        expires_at: When it expires, in epoch seconds; None for never.
        write_id: Which write made it.
        previous_write_id: Which write made the version before, if any did.
        perhaps_gone: True where it has expired and something may have removed it.
    """

    version: int
    data: bytes
    expires_at: int | None
    write_id: str
    previous_write_id: str | None
    perhaps_gone: bool = False

    @property
    def etag(self) -> str:
        """Return its etag."""
        return format_etag(self.version, self.write_id)


class Refusal(NamedTuple):
    """An error and the facts that it carries."""

    error: type[StorageError]
    expected_version: int | None = None
    actual_version: int | None = None
    actual_etag: str | None = None


class Wrote(NamedTuple):
    """The version and the etag that a write answers."""

    version: int
    etag: str


class Step(NamedTuple):
    """One way an operation can go: its answer, and the row that is there afterwards."""

    answer: object
    row: Row | None


class Model:
    """All rows, and what each operation answers."""

    def __init__(self) -> None:
        """Start with no rows."""
        self.rows: dict[Key, Row] = {}

    def settle(self, key: Key, answer: object, steps: list[Step]) -> None:
        """Take over the row of the step that an answer shows to have been taken.

        Raises:
            AssertionError: The answer is none of those allowed.
        """
        taken = [step for step in steps if step.answer == answer]
        allowed = " or ".join(str(step.answer) for step in steps)
        assert taken, f"answered {answer}; the contract allows {allowed}"
        row = taken[0].row
        if row is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = row

    def get(self, key: Key, now: int) -> list[Step]:
        """Return how a read can go."""
        return [Step(self._read(key, row, now), row) for row in self._cases(key, now)]

    def put(self, key: Key, write: Write, now: int) -> list[Step]:
        """Return how a put can go."""
        return [_retry(row, write, None) or _write(row, write) for row in self._cases(key, now)]

    def put_if_version(
        self, key: Key, write: Write, expected_version: int, etag: str, now: int
    ) -> list[Step]:
        """Return how a conditional put can go."""
        return [
            _retry(row, write, expected_version)
            or _refuse(row, expected_version, etag, now)
            or _write(row, write)
            for row in self._cases(key, now)
        ]

    def delete(self, key: Key, expected_version: int | None, etag: str, now: int) -> list[Step]:
        """Return how a delete can go."""
        row = self.rows.get(key)
        if row is None:
            return [Step(answer=False, row=None)]
        if not _is_live(row, now):
            return [Step(answer=False, row=replace(row, perhaps_gone=True))]
        if (expected_version and row.version != expected_version) or (etag and row.etag != etag):
            return [Step(_conflict(row, expected_version or 0), row)]
        return [Step(answer=True, row=None)]

    def listed(self, owner: str, prefix: str, now: int) -> list[Record]:
        """Return all that an ascending list answers."""
        keys = [key for key in self.rows if key.owner == owner and key.name.startswith(prefix)]
        keys.sort(key=lambda key: key.name.encode())
        rows = [(key, self.rows[key]) for key in keys]
        return [_record(key, row) for key, row in rows if _is_live(row, now)]

    def clean_up(
        self, owner: str, prefix: str, limit: int, now: int, removed: int, *, more: bool
    ) -> None:
        """Take over what a clean-up answers.

        Raises:
            AssertionError: The answer is none of those allowed.
        """
        expired = [
            key
            for key, row in self.rows.items()
            if key.owner == owner and key.name.startswith(prefix) and not _is_live(row, now)
        ]
        surely = sum(not self.rows[key].perhaps_gone for key in expired)
        assert removed <= limit
        assert removed <= len(expired)
        assert removed >= min(limit, surely)
        if more:
            for key in expired:
                self.rows[key] = replace(self.rows[key], perhaps_gone=True)
            return
        assert removed >= surely
        for key in expired:
            del self.rows[key]

    def _cases(self, key: Key, now: int) -> list[Row | None]:
        """Return what may be stored at a key: an expired row may be gone."""
        row = self.rows.get(key)
        return [row] if row is None or _is_live(row, now) else [row, None]

    def _read(self, key: Key, row: Row | None, now: int) -> object:
        if row is None or not _is_live(row, now):
            return Refusal(RecordNotFound)
        return _record(key, row)


def _is_live(row: Row, now: int) -> bool:
    return row.expires_at is None or now < row.expires_at


def _record(key: Key, row: Row) -> Record:
    return Record(key, row.data, row.version, row.etag, row.expires_at)


def _conflict(row: Row, expected_version: int) -> Refusal:
    return Refusal(VersionMismatch, expected_version, row.version, row.etag)


def _write(row: Row | None, write: Write) -> Step:
    version = 1 if row is None else row.version + 1
    previous = None if row is None else row.write_id
    after = Row(version, write.data, write.expires_at, write.write_id, previous)
    return Step(Wrote(version, after.etag), after)


def _retry(row: Row | None, write: Write, expected_version: int | None) -> Step | None:
    """Return how a write goes whose id the row shows; None where it does not."""
    if row is None:
        return None
    if row.write_id == write.write_id:
        version = row.version
        same = row.data == write.data and row.expires_at == write.expires_at
    elif row.previous_write_id == write.write_id:
        version, same = row.version - 1, True
    else:
        return None
    if expected_version and version != expected_version + 1:
        same = False
    if not same:
        return Step(Refusal(RequestIdReused), row)
    return Step(Wrote(version, format_etag(version, write.write_id)), row)


def _refuse(row: Row | None, expected_version: int, etag: str, now: int) -> Step | None:
    """Return how a conditional put goes that must not write; None where it may."""
    live = row is not None and _is_live(row, now)
    if expected_version == 0:
        return Step(Refusal(RecordExists), row) if live else None
    if row is None or not live:
        return Step(Refusal(RecordNotFound), row)
    if row.version != expected_version or (etag and row.etag != etag):
        return Step(_conflict(row, expected_version), row)
    return None
