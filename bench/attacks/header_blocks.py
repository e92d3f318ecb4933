"""Header blocks as bytes, valid or not (HPACK, RFC 7541; sections are of that RFC)."""

from collections.abc import Iterable

# Indices of the static table (appendix A).
AUTHORITY = 1
METHOD_POST = 3
PATH = 4
SCHEME_HTTP = 6
CONTENT_TYPE = 31
FIRST_DYNAMIC = 62
"""The dynamic table's newest entry (section 2.3.3)."""

FIVE_BIT_SYMBOLS = 10
"""The Huffman codes 0 to 9 of five bits are whole symbols, '0' to 't' (appendix B)."""


def integer(value: int, prefix_bits: int, first: int = 0) -> bytes:
    """Return an integer (section 5.1), with the bits of ``first`` above its prefix."""
    limit = (1 << prefix_bits) - 1
    if value < limit:
        return bytes((first | value,))
    encoded = bytearray((first | limit,))
    value -= limit
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def string(text: bytes, *, huffman: bool = False) -> bytes:
    """Return a string literal (section 5.2); ``text`` is as it is on the wire."""
    return integer(len(text), 7, 0x80 if huffman else 0) + text


def indexed(index: int) -> bytes:
    """Return a whole field of a table (section 6.1)."""
    return integer(index, 7, 0x80)


def literal(name: bytes | int, value: bytes, *, huffman: bool = False) -> bytes:
    """Return a field that enters no table (section 6.2.2); ``name`` may be an index."""
    return _field(name, 4, 0) + string(value, huffman=huffman)


def inserted(name: bytes | int, value: bytes) -> bytes:
    """Return a field that enters the dynamic table (section 6.2.1)."""
    return _field(name, 6, 0x40) + string(value)


def table_size(size: int) -> bytes:
    """Return a change of the dynamic table's size (section 6.3)."""
    return integer(size, 5, 0x20)


def huffman_digits(digits: Iterable[int]) -> bytes:
    """Return Huffman-coded text of symbols 0 to 9 of `FIVE_BIT_SYMBOLS`, eight at a time.

    Five bits is the shortest code there is: this is the text that decodes to the most.
    """
    bits = 0
    count = 0
    for digit in digits:
        bits = bits << 5 | digit
        count += 1
    return bits.to_bytes(count * 5 // 8, "big")


def request(path: bytes, authority: bytes, *more: bytes) -> bytes:
    """Return the block of a valid gRPC request, with ``more`` encoded fields at its end."""
    return b"".join(
        (
            indexed(METHOD_POST),
            indexed(SCHEME_HTTP),
            literal(PATH, path),
            literal(AUTHORITY, authority),
            literal(b"te", b"trailers"),
            literal(CONTENT_TYPE, b"application/grpc"),
            *more,
        )
    )


def _field(name: bytes | int, prefix_bits: int, first: int) -> bytes:
    if isinstance(name, int):
        return integer(name, prefix_bits, first)
    return integer(0, prefix_bits, first) + string(name)
