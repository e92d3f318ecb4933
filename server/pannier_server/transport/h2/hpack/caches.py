"""Memory for what was decoded before, with bounds."""

from typing import Final, Generic, TypeVar

V = TypeVar("V")


class BoundedCache(Generic[V]):
    """A mapping from bytes that forgets everything where it is full.

    Refilling it with what is in use costs less than an order of use costs on each look-up.

    Attributes:
        get: Returns what is kept for a key, or None. The bound method of a dict, for speed.
    """

    __slots__ = ("_kept", "_key_bytes", "_max_entries", "_max_key_bytes", "get")

    def __init__(self, *, max_entries: int, max_key_bytes: int) -> None:
        """Makes an empty cache.

        Args:
            max_entries: Entries that it keeps, at least 1.
            max_key_bytes: Bytes that the keys may take in all; a longer key is never kept.
        """
        self._kept: Final[dict[bytes, V]] = {}
        self._key_bytes = 0
        self._max_entries = max_entries
        self._max_key_bytes = max_key_bytes
        self.get = self._kept.get

    def __len__(self) -> int:
        """Returns how many entries are kept."""
        return len(self._kept)

    def keep(self, key: bytes, value: V) -> None:
        """Keeps `value` for `key`."""
        size = len(key)
        if size > self._max_key_bytes or key in self._kept:
            return
        if len(self._kept) >= self._max_entries or self._key_bytes + size > self._max_key_bytes:
            self.clear()
        self._kept[key] = value
        self._key_bytes += size

    def clear(self) -> None:
        """Forgets everything."""
        self._kept.clear()
        self._key_bytes = 0
