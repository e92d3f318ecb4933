"""One connection's header blocks, decoded by our decoder and by the `hpack` library's."""

import hpack

from pannier_server.transport.h2.hpack import (
    Decoder,
    Field,
    HeaderBlock,
    HeaderListTooLarge,
    HpackError,
    decoder,
)

# What we refuse and the library takes: integers past 32 bits or longer than they need to be (it has
# a larger limit), more size updates than any encoder needs (RFC 7541, section 4.2), and lists of
# references far past the limit.
OUR_LIMITS = ("is larger than 4294967295", "more than two table size updates", "a bomb")


class LenientDecoder(hpack.Decoder):
    """The library's, which takes a table that stays larger than a new limit, as ours does."""

    def _assert_valid_table_size(self) -> None:
        """Accept it."""


class TwinDecoders:
    """Our decoder and the library's, which must never differ but where we mean to.

    They agree on each field, on what is wrong, and on the dynamic table after each block.
    """

    def __init__(self, max_list_bytes: int) -> None:
        self.max_list_bytes = max_list_bytes
        self.ours = Decoder(max_list_bytes=max_list_bytes)
        self.theirs = LenientDecoder(max_header_list_size=2**40)

    def limit_table(self, size: int) -> None:
        """Sets the largest table for both."""
        self.ours.limit_table(size)
        self.theirs.max_allowed_table_size = size

    def decode(self, block: bytes) -> bool:
        """Decodes `block` twice and compares; returns whether the connection can go on."""
        try:
            decoded = self.ours.decode(block)
        except HpackError as error:
            self._assert_they_refuse(block, error)
            return False
        except HeaderListTooLarge:
            return self._assert_they_find_it_large(block)
        assert decoded.fields == self._their_fields(block), block.hex()
        assert sum(map(size_of, decoded.fields)) <= self.max_list_bytes
        self._assert_same_tables(block)
        assert_starts_fit(block, decoded)
        if decoded.stateless:
            assert_stateless(block, decoded)
        return True

    def _assert_they_refuse(self, block: bytes, ours: HpackError) -> None:
        try:
            fields = self._their_fields(block)
        except hpack.HPACKError:
            return
        assert any(limit in str(ours) for limit in OUR_LIMITS), (block.hex(), ours, fields)

    def _assert_they_find_it_large(self, block: bytes) -> bool:
        try:
            fields = self._their_fields(block)
        except hpack.HPACKDecodingError:
            # A wrong Huffman string past our limit, which we had no need to decode.
            return False
        assert sum(map(size_of, fields)) > self.max_list_bytes, block.hex()
        self._assert_same_tables(block)
        return True

    def _their_fields(self, block: bytes) -> list[Field]:
        return [(bytes(name), bytes(value)) for name, value in self.theirs.decode(block, raw=True)]

    def _assert_same_tables(self, block: bytes) -> None:
        table = self.ours._table
        theirs = self.theirs.header_table
        assert [field for field, _ in reversed(table.entries)] == [*theirs.dynamic_entries], (
            block.hex()
        )
        assert table.maximum == theirs.maxsize
        assert table._size == theirs._current_size <= table.maximum


def size_of(field: Field) -> int:
    """Returns what `field` adds to a header list."""
    return len(field[0]) + len(field[1]) + 32


def assert_starts_fit(block: bytes, decoded: HeaderBlock) -> None:
    """Each start is that of a representation, in order."""
    assert len(decoded.starts) == len(decoded.fields)
    assert decoded.starts == sorted(set(decoded.starts))
    assert all(block[start] & 0xE0 != 0x20 for start in decoded.starts)


def assert_stateless(block: bytes, decoded: HeaderBlock) -> None:
    """Fresh decoders give the same, with what is remembered and without."""
    assert Decoder(max_list_bytes=2**40).decode(block).fields == decoded.fields
    forget()
    assert Decoder(max_list_bytes=2**40).decode(block).fields == decoded.fields


def forget() -> None:
    """Empties what all decoders remember together."""
    decoder._SHARED.clear()
    decoder._NAMES.clear()
