"""Giving freed memory back to the system."""

import ctypes
from typing import Final

_FALLEN_BYTES: Final = 32 * 1024 * 1024


class Trimmer:
    """Gives memory back after calls have held much of it.

    glibc keeps what was freed for the next time, and a sidecar shares its machine. Other C
    libraries give it back by themselves.
    """

    __slots__ = ("_peak", "_trim")

    def __init__(self) -> None:
        """Find the C library's way, where it has one."""
        self._peak = 0
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None)

    def note(self, held_bytes: int) -> None:
        """Take what calls hold now; trim where that has fallen much since the last time."""
        if held_bytes >= self._peak - _FALLEN_BYTES:
            self._peak = max(self._peak, held_bytes)
            return
        self._peak = held_bytes
        if self._trim is not None:
            self._trim(0)
