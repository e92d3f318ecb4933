"""Reads literal header fields (RFC 7541, section 6.2) of any kind and length."""

from pannier_server.transport.h2.hpack.dynamic_table import DynamicTable
from pannier_server.transport.h2.hpack.errors import HpackError
from pannier_server.transport.h2.hpack.fields import ENTRY_OVERHEAD, Entry, entry_of
from pannier_server.transport.h2.hpack.huffman import LONGEST_CODE, decode_huffman
from pannier_server.transport.h2.hpack.integers import read_integer
from pannier_server.transport.h2.hpack.static_table import STATIC_COUNT


def _read_string(block: bytes, at: int) -> tuple[bytes, bool, int]:
    """Reads the string literal whose length begins at `at` (RFC 7541, section 5.2).

    Returns:
        Its bytes as they are, whether they are Huffman-coded, and the offset of the byte after it.

    Raises:
        HpackError: The block ends before the string does, or the length is too large.
    """
    length, start = read_integer(block, at, 7)
    stop = start + length
    if stop > len(block):
        raise HpackError(f"the header block ends inside the string that begins at byte {at}")
    return block[start:stop], block[at] >= 0x80, stop


def _least_length(raw: bytes, is_coded: bool) -> int:
    """Returns how many bytes a string stands for at least, without decoding it."""
    return len(raw) * 8 // LONGEST_CODE if is_coded else len(raw)


class LiteralField:
    """A literal field as the block carries it, with its strings not decoded yet.

    Attributes:
        is_indexed: Whether it goes into the dynamic table.
        reads_table: Whether its name is the dynamic table's.
        value_at: The offset at which its value begins.
        stop: The offset of the byte after it.
    """

    __slots__ = (
        "_name_is_coded",
        "_raw_name",
        "_raw_value",
        "_value_is_coded",
        "is_indexed",
        "reads_table",
        "stop",
        "value_at",
    )

    def __init__(self, block: bytes, at: int, table: DynamicTable) -> None:
        """Reads the literal field that begins at `at`, of any of the three kinds.

        Raises:
            HpackError: It is cut short, the index of its name is out of range, or it is a table
                size update, whose place is before all fields.
        """
        first = block[at]
        if first & 0xE0 == 0x20:
            raise HpackError(f"a table size update follows a header field, at byte {at}")
        self.is_indexed = bool(first & 0x40)
        index, at = read_integer(block, at, 6 if self.is_indexed else 4)
        self.reads_table = index > STATIC_COUNT
        if index:
            self._raw_name = table.entry(index)[0][0]
            self._name_is_coded = False
        else:
            self._raw_name, self._name_is_coded, at = _read_string(block, at)
        self.value_at = at
        self._raw_value, self._value_is_coded, self.stop = _read_string(block, at)

    def least_size(self) -> int:
        """Returns the bytes that it adds to a header list at least, without decoding it."""
        return (
            _least_length(self._raw_name, self._name_is_coded)
            + _least_length(self._raw_value, self._value_is_coded)
            + ENTRY_OVERHEAD
        )

    def entry(self) -> Entry:
        """Returns the field with its size.

        Raises:
            HpackError: A Huffman string is wrong.
        """
        return entry_of(
            decode_huffman(self._raw_name) if self._name_is_coded else self._raw_name,
            decode_huffman(self._raw_value) if self._value_is_coded else self._raw_value,
        )
