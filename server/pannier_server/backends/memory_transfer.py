"""Copying records out of memory and into it."""

from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from pannier_server.backends.contract import Key, Prefix, Unreadable
from pannier_server.backends.errors import StorageError
from pannier_server.backends.rules import Row
from pannier_server.backends.transfer import (
    Outcome,
    RecordCopy,
    Replace,
    Restored,
    ScanPage,
    restore_over,
    too_large,
)

if TYPE_CHECKING:
    from pannier_server.backends.memory import MemoryBackend

PAGE_ROWS = 500
PAGE_BYTES = 1 << 20


class MemoryTransfer:
    """Keeps the obligations of `pannier_server.backends.transfer.Transfer`."""

    def __init__(self, backend: "MemoryBackend") -> None:
        """Take the store."""
        self._backend = backend

    async def open_source(self) -> None:
        """Nothing to take hold of."""

    async def scan(
        self, prefix: Prefix | None, *, now: int, position: str | None, patience: float
    ) -> AsyncGenerator[ScanPage, None]:
        """Read every record in the order of keys."""
        after = _read_position(position)
        while keys := self._backend.keys_after(prefix, after)[:PAGE_ROWS]:
            rows: list[RecordCopy | Unreadable] = []
            expired = size = 0
            for after in keys:
                row = self._backend.row(after)
                if row is None or not row.is_live(now):
                    expired += 1
                    continue
                rows.append(RecordCopy(after, row.data, row.version, row.expires_at))
                size += len(row.data)
                if size >= PAGE_BYTES:
                    break
            yield ScanPage(rows, expired, 0, msgspec.json.encode(after).decode())

    async def restore(
        self, copies: Sequence[RecordCopy], *, replace: Replace, now: int, patience: float
    ) -> Sequence[Restored]:
        """Write copies with their own versions."""
        answers = []
        for copy in copies:
            answer = self._judge(copy, replace, now)
            if answer.outcome is Outcome.WRITTEN:
                row = Row(copy.data, copy.version, copy.expires_at, str(uuid4()), None)
                self._backend.write_row(copy.key, row)
            answers.append(answer)
        return answers

    async def compare(
        self, copies: Sequence[RecordCopy], *, replace: Replace, now: int, patience: float
    ) -> Sequence[Restored]:
        """Return what `restore` would answer."""
        return [self._judge(copy, replace, now) for copy in copies]

    def _judge(self, copy: RecordCopy, replace: Replace, now: int) -> Restored:
        row = self._backend.row(copy.key)
        too_much = too_large(copy, self._backend.max_data_bytes)
        return too_much or restore_over(row, copy, replace=replace, now=now)


def _read_position(position: str | None) -> Key | None:
    if position is None:
        return None
    try:
        return msgspec.json.decode(position, type=Key)
    except msgspec.DecodeError:
        raise StorageError("the position to go on from was not made by this store") from None
