"""The dynamic table of one direction of a connection (RFC 7541, sections 2.3.2 and 4)."""

from collections import deque
from typing import Final

from pannier_server.transport.h2.hpack.errors import HpackError
from pannier_server.transport.h2.hpack.fields import Entry
from pannier_server.transport.h2.hpack.static_table import STATIC_COUNT, STATIC_ENTRIES

INITIAL_MAXIMUM: Final = 4_096
"""Bytes that a table may hold before anyone says otherwise (RFC 9113, section 6.5.2)."""


class DynamicTable:
    """The fields that the encoder keeps for later blocks, the oldest first.

    Attributes:
        entries: The fields. Those who add or remove any do so through the methods.
        maximum: Bytes that they may take in all, by RFC 7541's way of counting.
    """

    __slots__ = ("_size", "entries", "maximum")

    def __init__(self) -> None:
        """Makes an empty table of the protocol's initial size."""
        self.entries: deque[Entry] = deque()
        self.maximum = INITIAL_MAXIMUM
        self._size = 0

    def entry(self, index: int) -> Entry:
        """Returns the entry that `index` names in the static and the dynamic table together.

        Raises:
            HpackError: `index` is 0 or past the last entry (RFC 7541, section 2.3.3).
        """
        age = index - STATIC_COUNT
        if 0 < age <= len(self.entries):
            return self.entries[-age]
        if 0 < index <= STATIC_COUNT:
            return STATIC_ENTRIES[index - 1]
        last = STATIC_COUNT + len(self.entries)
        raise HpackError(f"index {index} names no header field: the tables hold 1 to {last}")

    def insert(self, entry: Entry) -> None:
        """Adds `entry` as the newest and removes the oldest until all fit.

        One larger than the whole table leaves it empty (RFC 7541, section 4.4).
        """
        size = self._size + entry[1]
        if size > self.maximum:
            if entry[1] > self.maximum:
                self.clear()
                return
            entries = self.entries
            while size > self.maximum:
                size -= entries.popleft()[1]
        self.entries.append(entry)
        self._size = size

    def clear(self) -> None:
        """Removes all entries."""
        self.entries.clear()
        self._size = 0

    def resize(self, maximum: int) -> None:
        """Sets the bytes that the entries may take, and removes the oldest until they fit."""
        self.maximum = maximum
        while self._size > maximum:
            self._size -= self.entries.popleft()[1]
