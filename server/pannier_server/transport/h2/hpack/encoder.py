"""Writes header blocks that need no state on either side."""

from collections.abc import Iterable
from typing import Final

from pannier_server.transport.h2.hpack.fields import Field
from pannier_server.transport.h2.hpack.integers import write_integer
from pannier_server.transport.h2.hpack.static_table import STATIC_ENTRIES

_INDEXED: Final = 0x80
_WITHOUT_INDEXING: Final = 0x00

_STATIC_FIELDS: Final[dict[Field, bytes]] = {
    field: write_integer(index, 7, _INDEXED)
    for index, (field, _) in enumerate(STATIC_ENTRIES, start=1)
}
# In reverse, so that the first of several entries with one name wins: it has the shortest index.
_STATIC_NAMES: Final[dict[bytes, bytes]] = {
    name: write_integer(index, 4, _WITHOUT_INDEXING)
    for index, ((name, _), _) in reversed(tuple(enumerate(STATIC_ENTRIES, start=1)))
}
_NEW_NAME: Final = bytes((_WITHOUT_INDEXING,))
_SHORT_LENGTHS: Final = tuple(write_integer(length, 7, 0) for length in range(127))


def encode_fields(fields: Iterable[Field]) -> bytes:
    """Returns a header block that stands for `fields`, whatever was sent before on the connection.

    It uses the static table alone, literals "without indexing" and no Huffman code, so that the
    same fields always give the same bytes and encoding costs little.
    """
    return b"".join([_STATIC_FIELDS.get(field) or _literal(*field) for field in fields])


def _literal(name: bytes, value: bytes) -> bytes:
    """Returns a literal field without indexing (RFC 7541, section 6.2.2)."""
    start = _STATIC_NAMES.get(name) or _NEW_NAME + _plain_string(name)
    return start + _plain_string(value)


def _plain_string(text: bytes) -> bytes:
    """Returns a string literal as it is, without Huffman code (RFC 7541, section 5.2)."""
    size = len(text)
    return (
        _SHORT_LENGTHS[size] if size < len(_SHORT_LENGTHS) else write_integer(size, 7, 0)
    ) + text
