"""Integers of HPACK (RFC 7541, section 5.1)."""

from typing import Final

from pannier_server.transport.h2.hpack.errors import HpackError

LARGEST: Final = 2**32 - 1
"""No length, index or table size of a sane peer is larger."""

_CONTINUATION_SHIFTS: Final = range(0, 35, 7)


def read_integer(block: bytes, at: int, prefix_bits: int) -> tuple[int, int]:
    """Reads the integer whose prefix is the last `prefix_bits` bits of the byte at `at`.

    Returns:
        The integer, 0 to `LARGEST`, and the offset of the byte after it.

    Raises:
        HpackError: The block ends inside the integer, or it is too large.
    """
    largest_prefix = (1 << prefix_bits) - 1
    try:
        value = block[at] & largest_prefix
        if value < largest_prefix:
            return value, at + 1
        for shift in _CONTINUATION_SHIFTS:
            at += 1
            byte = block[at]
            value += (byte & 0x7F) << shift
            if value > LARGEST:
                break
            if byte < 0x80:
                return value, at + 1
    except IndexError:
        raise HpackError(f"the header block ends inside an integer, at byte {at}") from None
    raise HpackError(f"an integer that ends at byte {at} or later is larger than {LARGEST}")


def write_integer(value: int, prefix_bits: int, flags: int) -> bytes:
    """Returns `value` with a prefix of `prefix_bits` bits, whose byte also carries `flags`."""
    largest_prefix = (1 << prefix_bits) - 1
    if value < largest_prefix:
        return bytes((flags | value,))
    written = bytearray((flags | largest_prefix,))
    value -= largest_prefix
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
