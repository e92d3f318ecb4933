"""What a store answers: records, and what became of a write, a list or a clean-up."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Record:
    """One version of a record.

    Attributes:
        key: Its key, ``owner:name``.
        data: Its data. Empty in a list with ``keys_only``. Not shown in the `repr`.
        version: From 1 up, one more with each write. It starts again at 1 when a deleted
            record is created again.
        etag: Names the one write that made this version. Opaque, never empty.
        expire_time: When it expires, in UTC and whole seconds; None for never.
    """

    key: str
    data: bytes = field(repr=False)
    version: int
    etag: str
    expire_time: datetime | None


@dataclass(frozen=True, slots=True)
class Written:
    """What a write made.

    Attributes:
        version: The version that it made.
        etag: The etag of that version.
        expire_time: When the record expires as the server resolved it, in UTC and whole
            seconds; None for never.
    """

    version: int
    etag: str
    expire_time: datetime | None


class Unreadable(NamedTuple):
    """A stored row that is no readable record.

    Attributes:
        key: Its key, ``owner:name``.
        problem: What is wrong with it, for people.
    """

    key: str
    problem: str


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a list.

    Attributes:
        records: The page's records, in the list's order.
        next_page_token: Goes on after this page as ``page_token``; empty at the end.
        unreadable: The rows in this page's range that cannot be read.
    """

    records: tuple[Record, ...]
    next_page_token: str
    unreadable: tuple[Unreadable, ...]


class CleanupResult(NamedTuple):
    """What a clean-up did.

    Attributes:
        removed: How many expired records it removed.
        more: True where the limit or the deadline ended it: call again for the rest.
    """

    removed: int
    more: bool
