"""What a store of versioned records must do, as plainly as it can be written.

The model is for comparison with real backends, so it shares no code with them. It
knows what is stored at each key, and each operation as a function from a row to an
answer and the row that is there afterwards. Two things it cannot know: which expired
rows a clean-up with a limit or a delete has removed, and whether the store reaped one
by itself. So it keeps every possibility, works out the answer for each, and learns from
the answer which of them it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    """

    version: int
    data: bytes
    expires_at: int | None
    write_id: str
    previous_write_id: str | None

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
    """All that may be stored, and what each operation answers."""

    def __init__(self) -> None:
        """Start with no rows."""
        self._stored: dict[Key, list[Row | None]] = {}

    def get(self, key: Key, now: int, answer: object) -> None:
        """Take over what a read answers.

        Like each method that takes an answer, it raises `AssertionError` where the
        contract does not allow it.
        """
        rows = self._rows(key)
        self._settle(key, answer, [Step(_read(key, row, now), row) for row in rows])

    def put(self, key: Key, write: Write, now: int, answer: object) -> None:
        """Take over what a put answers."""

        def step(row: Row | None) -> Step:
            return _retry(row, write, None) or _write(row, write)

        self._settle(
            key, answer, [step(row) for row in self._rows(key)], self._reaped(key, now, step)
        )

    def put_if_version(
        self, key: Key, write: Write, expected_version: int, etag: str, now: int, answer: object
    ) -> None:
        """Take over what a conditional put answers."""

        def step(row: Row | None) -> Step:
            return (
                _retry(row, write, expected_version)
                or _refuse(row, expected_version, etag, now)
                or _write(row, write)
            )

        self._settle(
            key, answer, [step(row) for row in self._rows(key)], self._reaped(key, now, step)
        )

    def delete(
        self, key: Key, expected_version: int | None, etag: str, now: int, answer: object
    ) -> None:
        """Take over what a delete answers."""
        steps: list[Step] = []
        for row in self._rows(key):
            if row is None:
                steps.append(Step(answer=False, row=None))
            elif not _is_live(row, now):
                # It may be removed on the way.
                steps += [Step(answer=False, row=row), Step(answer=False, row=None)]
            elif (expected_version and row.version != expected_version) or (
                etag and row.etag != etag
            ):
                steps.append(Step(_conflict(row, expected_version or 0), row))
            else:
                steps.append(Step(answer=True, row=None))
        self._settle(key, answer, steps)

    def listed(self, owner: str, prefix: str, now: int) -> list[Record]:
        """Return all that an ascending list answers.

        A record of which it is not known whether it is there must be read first.
        """
        found: list[Record] = []
        for key in sorted(self._stored, key=lambda key: key.name.encode()):
            live = {row for row in self._rows(key) if row and _is_live(row, now)}
            if key.owner == owner and key.name.startswith(prefix) and live:
                (row,) = live
                found.append(_record(key, row))
        return found

    def clean_up(
        self, owner: str, prefix: str, limit: int, now: int, removed: int, *, more: bool
    ) -> None:
        """Take over what a clean-up answers."""
        perhaps = surely = 0
        for key, rows in self._stored.items():
            expired = [row for row in rows if row and not _is_live(row, now)]
            if key.owner != owner or not key.name.startswith(prefix) or not expired:
                continue
            perhaps += 1
            surely += len(expired) == len(rows)
            left = [row for row in rows if more or row not in expired]
            self._stored[key] = [*left, None]
        assert removed <= min(limit, perhaps), f"removed {removed} of at most {perhaps} expired"
        least = min(limit, surely) if more else surely
        assert removed >= least, f"removed {removed} of at least {least} expired"

    def _rows(self, key: Key) -> list[Row | None]:
        """Return all that may be stored at a key."""
        return self._stored.get(key, [None])

    def _reaped(self, key: Key, now: int, step: Callable[[Row | None], Step]) -> list[Step]:
        """Return how an operation goes if the store reaped an expired row by itself."""
        expired = any(row and not _is_live(row, now) for row in self._rows(key))
        return [step(None)] if expired else []

    def _settle(
        self, key: Key, answer: object, steps: list[Step], reaped: Sequence[Step] = ()
    ) -> None:
        """Keep the rows of the steps that an answer shows to be possible."""
        rows = [step.row for step in steps if step.answer == answer]
        rows = rows or [step.row for step in reaped if step.answer == answer]
        allowed = " or ".join(str(step.answer) for step in [*steps, *reaped])
        assert rows, f"answered {answer}; the contract allows {allowed}"
        self._stored[key] = list(dict.fromkeys(rows))


def _read(key: Key, row: Row | None, now: int) -> object:
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
