"""Records in this process's memory: the reference backend, for tests and trials."""

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field

from pannier_server.backends import rules
from pannier_server.backends.contract import (
    Call,
    Cleaned,
    Key,
    Page,
    PageRequest,
    Prefix,
    Record,
    Unreadable,
    Write,
    Written,
)
from pannier_server.backends.memory_transfer import MemoryTransfer
from pannier_server.backends.rules import Row
from pannier_server.backends.store_url import StoreUrl


def from_url(url: StoreUrl) -> "MemoryBackend":
    """Return the backend for ``memory:``."""
    url.refuse_location()
    url.refuse_unknown_options()
    return MemoryBackend(expiry_json_field=url.expiry_json_field)


@dataclass(slots=True)
class _Owner:
    """One owner's rows, and their names in byte order.

    Python compares strings by code point, which is the byte order of their UTF-8.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)

    def write(self, name: str, row: Row) -> None:
        if name not in self.rows:
            insort(self.names, name)
        self.rows[name] = row

    def remove(self, name: str) -> None:
        del self.rows[name]
        del self.names[bisect_left(self.names, name)]

    def next_index(self, request: PageRequest) -> int:
        """Return where a list goes on, as an index into ``names``."""
        if not request.descending:
            if request.after is None:
                return bisect_left(self.names, request.prefix.name)
            return bisect_right(self.names, request.after)
        if request.after is None:
            end = _end_of_prefix(request.prefix.name)
            return (len(self.names) if end is None else bisect_left(self.names, end)) - 1
        return bisect_left(self.names, request.after) - 1


class MemoryBackend:
    """Keeps records in dictionaries. Nothing in it waits, so every method is atomic."""

    max_data_bytes = 4 * 1024 * 1024 - 1

    def __init__(self, *, expiry_json_field: str | None = None) -> None:
        """Start empty; ``expiry_json_field`` is a setting of the store (see the contract)."""
        self.expiry_json_field = expiry_json_field
        self._owners: dict[str, _Owner] = {}

    @property
    def description(self) -> str:
        """What and where the store is."""
        return "memory (lost when the process ends)"

    async def open(self) -> None:
        """Nothing to take hold of."""

    async def close(self) -> None:
        """Nothing to let go of."""

    async def check(self, call: Call) -> None:
        """Memory is always there."""

    async def get(self, key: Key, *, consistent: bool, call: Call) -> Record:
        """Return the live record at a key."""
        return rules.read_row(self.row(key), key, call.now)

    async def put(self, key: Key, write: Write, call: Call) -> Written:
        """Write a record whatever is there."""
        return self._apply(key, rules.put_over(self.row(key), write))

    async def put_if_version(
        self, key: Key, write: Write, *, expected_version: int, etag: str, call: Call
    ) -> Written:
        """Write a record over the expected version only."""
        row = self.row(key)
        decision = rules.put_over_version(
            row, write, expected_version=expected_version, etag=etag, now=call.now
        )
        return self._apply(key, decision)

    async def delete(
        self, key: Key, *, expected_version: int | None, etag: str, call: Call
    ) -> bool:
        """Delete a record, unconditionally or at a version or etag only."""
        row = self.row(key)
        deleted = rules.delete_over(row, expected_version=expected_version, etag=etag, now=call.now)
        if row is not None:
            self._owners[key.owner].remove(key.name)
        return deleted

    async def list_page(self, request: PageRequest, call: Call) -> Page:
        """Return the next rows of a list."""
        owner = self._owners.get(request.prefix.owner, _Owner())
        rows: list[Record | Unreadable] = []
        size = 0
        step = -1 if request.descending else 1
        index = owner.next_index(request)
        while 0 <= index < len(owner.names):
            name = owner.names[index]
            if not name.startswith(request.prefix.name):
                break
            if len(rows) == request.max_rows or size >= request.max_bytes:
                return Page(rows, rows[-1].key.name)
            shown = rules.list_row(owner.rows[name], Key(request.prefix.owner, name), call.now)
            if isinstance(shown, Record):
                rows.append(shown)
                size += len(shown.data)
            index += step
        return Page(rows, None)

    async def cleanup_expired(self, prefix: Prefix | None, *, limit: int, call: Call) -> Cleaned:
        """Remove up to ``limit`` expired records."""
        expired = [
            (owner, name)
            for owner_name, owner in self._owners.items()
            if prefix is None or owner_name == prefix.owner
            for name, row in owner.rows.items()
            if not row.is_live(call.now) and (prefix is None or name.startswith(prefix.name))
        ]
        for owner, name in expired[:limit]:
            owner.remove(name)
        return Cleaned(min(limit, len(expired)), more=len(expired) > limit)

    def transfer(self) -> MemoryTransfer:
        """Return what copies records out of this store and into it."""
        return MemoryTransfer(self)

    def keys_after(self, prefix: Prefix | None, after: Key | None) -> list[Key]:
        """Return the keys of all rows, in their order, behind one of them."""
        return [
            Key(owner_name, name)
            for owner_name, owner in sorted(self._owners.items())
            if prefix is None or owner_name == prefix.owner
            for name in owner.names
            if (prefix is None or name.startswith(prefix.name))
            and (after is None or (owner_name, name) > (after.owner, after.name))
        ]

    def row(self, key: Key) -> Row | None:
        """Return the row at a key, live or expired."""
        owner = self._owners.get(key.owner)
        return owner.rows.get(key.name) if owner else None

    def write_row(self, key: Key, row: Row) -> None:
        """Put a row in its place as it is."""
        self._owners.setdefault(key.owner, _Owner()).write(key.name, row)

    def _apply(self, key: Key, decision: Row | Written) -> Written:
        if isinstance(decision, Written):
            return decision
        self.write_row(key, decision)
        return Written(decision.version, decision.etag)


def _end_of_prefix(prefix: str) -> str | None:
    """Return the smallest string after all that start with a prefix; None for no end."""
    stem = prefix.rstrip("\U0010ffff")
    if not stem:
        return None
    following = ord(stem[-1]) + 1
    return stem[:-1] + chr(0xE000 if following == 0xD800 else following)
