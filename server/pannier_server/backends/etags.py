"""Etags: which write made a version of a record.

Versions start again when a deleted record is created again, so a version alone does
not name a write. An etag is the version and the write id, ``7-0b0c…``; a row without
a write id (others write such rows) has the version alone, ``7-``.
"""

from dataclasses import dataclass

from pannier_server.backends.contract import MAX_VERSION


@dataclass(frozen=True, slots=True)
class Etag:
    """A parsed etag: a version, and the id of the write that made it or None."""

    version: int
    write_id: str | None


def format_etag(version: int, write_id: str | None) -> str:
    """Return the etag of a version that ``write_id`` made (None: a row without one)."""
    return f"{version}-{write_id or ''}"


def parse_etag(text: str) -> Etag:
    """Return the parts of an etag.

    Raises:
        ValueError: It is not one that `format_etag` makes.
    """
    number, dash, write_id = text.partition("-")
    if not dash or not number.isascii() or not number.isdigit() or number.startswith("0"):
        raise ValueError("not an etag")
    version = int(number) if len(number) <= 19 else MAX_VERSION + 1
    if version > MAX_VERSION:
        raise ValueError("not an etag")
    return Etag(version, write_id or None)
