"""Header fields and their sizes."""

from typing import Final

Field = tuple[bytes, bytes]
"""A header field: its name and its value."""

Entry = tuple[Field, int]
"""A header field with its size, so that nothing on a hot path needs to measure it again."""

ENTRY_OVERHEAD: Final = 32
"""Bytes that each field counts on top of its name and value (RFC 7541, section 4.1)."""


def entry_of(name: bytes, value: bytes) -> Entry:
    """Returns the field `name`: `value` with its size in bytes (RFC 7541, section 4.1)."""
    return (name, value), len(name) + len(value) + ENTRY_OVERHEAD
