"""Header blocks written by hand, piece by piece, right and wrong ones."""

from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH

_HUFFMAN = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)

# The flags of the three kinds of literal field (RFC 7541, section 6.2).
INDEXED, PLAIN, SENSITIVE = 0x40, 0x00, 0x10


def huffman(text: bytes) -> bytes:
    """Returns the Huffman code of `text`, by the `hpack` library."""
    return _HUFFMAN.encode(text)


def integer(value: int, prefix_bits: int, flags: int = 0, *, zeros: int = 0) -> bytes:
    """Returns an integer, made longer than it needs to be by a number of `zeros`."""
    largest_prefix = (1 << prefix_bits) - 1
    if value < largest_prefix:
        return bytes([flags | value])
    groups: list[int] = []
    value -= largest_prefix
    while value >= 0x80 or not groups:
        groups.append(value & 0x7F)
        value >>= 7
    if value:
        groups.append(value)
    groups += [0] * zeros
    continuation = [group | 0x80 for group in groups[:-1]] + groups[-1:]
    return bytes([flags | largest_prefix, *continuation])


def string(text: bytes, *, coded: bool = False) -> bytes:
    """Returns a string literal."""
    raw = huffman(text) if coded else text
    return integer(len(raw), 7, 0x80 if coded else 0) + raw


def literal(name: bytes | int, value: bytes, kind: int = PLAIN, *, coded: bool = False) -> bytes:
    """Returns a literal field whose name is new, or that of an index."""
    if isinstance(name, int):
        start = integer(name, 6 if kind == INDEXED else 4, kind)
    else:
        start = bytes([kind]) + string(name, coded=coded)
    return start + string(value, coded=coded)


def indexed(index: int) -> bytes:
    """Returns an indexed field."""
    return integer(index, 7, 0x80)


def size_update(size: int) -> bytes:
    """Returns a dynamic table size update."""
    return integer(size, 5, 0x20)
