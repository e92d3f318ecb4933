"""One owner's records in a backend, with defaults for what a test does not care about."""

import asyncio
import time
from collections.abc import Iterable
from uuid import uuid4

from pannier_server.backends.contract import (
    Call,
    Cleaned,
    Key,
    Page,
    PageRequest,
    Prefix,
    Record,
    StorageBackend,
    Unreadable,
    Write,
    Written,
)

CLOCK_LEAD = 24 * 60 * 60
"""How far the tests' clock runs ahead of the wall clock, in seconds."""

LONGEST_OWNER = 2_042
"""The longest owner, in bytes of UTF-8."""

LONGEST_NAME = 1_019
"""The longest name, in bytes of UTF-8."""

NEIGHBOUR_SUFFIXES = ("b", "\0", "#", "%", " ", "é")
"""Appended to an owner, these make owners whose records must stay invisible to it."""

_ONE_CALL = 30.0
_ALL_ROWS = 1_000
_ALL_BYTES = 1 << 20


def new_owner() -> str:
    """Return an owner that no one else uses."""
    return f"test-{uuid4().hex}"


def new_write_id() -> str:
    """Return the id of a new write."""
    return str(uuid4())


class Records:
    """One owner's records in a backend.

    Every method calls the backend once, unless it says otherwise. ``at`` is the
    request's clock, `now` where it is not given.

    Attributes:
        backend: The backend.
        owner: Whose records these are.
        now: The test's clock, in epoch seconds: a day ahead of the wall clock.
    """

    def __init__(self, backend: StorageBackend, owner: str, *, now: int | None = None) -> None:
        """Start the test's clock, or take over another's reading."""
        self.backend = backend
        self.owner = owner
        self.now = int(time.time()) + CLOCK_LEAD if now is None else now

    def on(self, backend: StorageBackend) -> "Records":
        """Return the same owner's records as another backend shows them."""
        return Records(backend, self.owner, now=self.now)

    def of(self, owner: str) -> "Records":
        """Return another owner's records in the same backend."""
        return Records(self.backend, owner, now=self.now)

    def neighbours(self) -> list["Records"]:
        """Return the records of owners whose names start with this owner's."""
        return [self.of(self.owner + suffix) for suffix in NEIGHBOUR_SUFFIXES]

    def of_longest_owner(self) -> "Records":
        """Return the records of an owner whose name is as long as it may be."""
        return self.of(self.owner.ljust(LONGEST_OWNER, "o"))

    def key(self, name: str = "record") -> Key:
        """Return the key of a name."""
        return Key(self.owner, name)

    def call(self, at: int | None = None) -> Call:
        """Return the frame of a request that has plenty of time."""
        deadline = asyncio.get_running_loop().time() + _ONE_CALL
        return Call(now=self.now if at is None else at, deadline=deadline)

    async def get(
        self, name: str = "record", *, consistent: bool = True, at: int | None = None
    ) -> Record:
        """Read a record."""
        return await self.backend.get(self.key(name), consistent=consistent, call=self.call(at))

    async def put(
        self,
        name: str = "record",
        data: bytes = b"data",
        *,
        expires_at: int | None = None,
        write_id: str | None = None,
        at: int | None = None,
    ) -> Written:
        """Write a record whatever is there."""
        write = Write(data, expires_at, write_id or new_write_id())
        return await self.backend.put(self.key(name), write, self.call(at))

    async def put_if_version(
        self,
        name: str = "record",
        data: bytes = b"data",
        *,
        expected_version: int,
        etag: str = "",
        expires_at: int | None = None,
        write_id: str | None = None,
        at: int | None = None,
    ) -> Written:
        """Write a record over the expected version only."""
        return await self.backend.put_if_version(
            self.key(name),
            Write(data, expires_at, write_id or new_write_id()),
            expected_version=expected_version,
            etag=etag,
            call=self.call(at),
        )

    async def create(
        self,
        name: str = "record",
        data: bytes = b"data",
        *,
        expires_at: int | None = None,
        write_id: str | None = None,
        at: int | None = None,
    ) -> Written:
        """Write a record only where no live one is."""
        return await self.put_if_version(
            name, data, expected_version=0, expires_at=expires_at, write_id=write_id, at=at
        )

    async def delete(
        self,
        name: str = "record",
        *,
        expected_version: int | None = None,
        etag: str = "",
        at: int | None = None,
    ) -> bool:
        """Delete a record."""
        return await self.backend.delete(
            self.key(name), expected_version=expected_version, etag=etag, call=self.call(at)
        )

    async def fill(self, names: Iterable[str], *, expires_at: int | None = None) -> None:
        """Put a record at each name, all at once; its data is the name in UTF-8."""
        await asyncio.gather(
            *(self.put(name, name.encode(), expires_at=expires_at) for name in names)
        )

    async def page(
        self,
        prefix: str = "",
        *,
        after: str | None = None,
        descending: bool = False,
        max_rows: int = _ALL_ROWS,
        max_bytes: int = _ALL_BYTES,
        consistent: bool = True,
        at: int | None = None,
    ) -> Page:
        """List one page."""
        request = PageRequest(
            prefix=Prefix(self.owner, prefix),
            after=after,
            descending=descending,
            max_rows=max_rows,
            max_bytes=max_bytes,
            consistent=consistent,
        )
        return await self.backend.list_page(request, self.call(at))

    async def pages(
        self,
        prefix: str = "",
        *,
        after: str | None = None,
        descending: bool = False,
        max_rows: int = _ALL_ROWS,
        max_bytes: int = _ALL_BYTES,
        at: int | None = None,
    ) -> list[Page]:
        """List page by page to the end, with as many calls as that takes.

        Raises:
            AssertionError: A page does not lead onwards, so that the list would not end.
        """
        pages: list[Page] = []
        while True:
            page = await self.page(
                prefix,
                after=after,
                descending=descending,
                max_rows=max_rows,
                max_bytes=max_bytes,
                at=at,
            )
            pages.append(page)
            if page.resume_after is None:
                return pages
            _require_progress(after, page.resume_after, descending=descending)
            after = page.resume_after

    async def rows(
        self,
        prefix: str = "",
        *,
        after: str | None = None,
        descending: bool = False,
        max_rows: int = _ALL_ROWS,
        at: int | None = None,
    ) -> list[Record | Unreadable]:
        """List to the end, with as many calls as that takes, and join the pages."""
        pages = await self.pages(
            prefix, after=after, descending=descending, max_rows=max_rows, at=at
        )
        return [row for page in pages for row in page.rows]

    async def names(
        self,
        prefix: str = "",
        *,
        after: str | None = None,
        descending: bool = False,
        max_rows: int = _ALL_ROWS,
        at: int | None = None,
    ) -> list[str]:
        """List to the end, with as many calls as that takes, and keep the names."""
        rows = await self.rows(prefix, after=after, descending=descending, max_rows=max_rows, at=at)
        return [row.key.name for row in rows]

    async def cleanup(
        self, prefix: str = "", *, limit: int = _ALL_ROWS, at: int | None = None
    ) -> Cleaned:
        """Remove expired records."""
        return await self.backend.cleanup_expired(
            Prefix(self.owner, prefix), limit=limit, call=self.call(at)
        )

    async def erase(self) -> None:
        """Remove every row that a test left with this owner or its neighbours.

        For the end of a ``backend`` fixture on a store that outlives the tests.
        """
        for records in (self, self.of_longest_owner(), *self.neighbours()):
            while (await records.cleanup()).more:
                pass
            # What expires later is still live at the clock's first second.
            for name in await records.names(at=1):
                await records.delete(name)


def _require_progress(after: str | None, resume_after: str, *, descending: bool) -> None:
    if after is None:
        return
    before, behind = after.encode(), resume_after.encode()
    if not (behind < before if descending else behind > before):
        raise AssertionError("resume_after does not lead onwards in the list's order")
