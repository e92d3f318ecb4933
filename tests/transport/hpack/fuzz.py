"""Random header blocks, right and wrong, for our decoder and for the `hpack` library's."""

import random
import time
from collections.abc import Callable

import hpack

from pannier_server.transport.h2.hpack import Field
from tests.transport.hpack.blocks import (
    INDEXED,
    PLAIN,
    SENSITIVE,
    indexed,
    integer,
    literal,
    size_update,
    string,
)
from tests.transport.hpack.oracle import TwinDecoders

NAMES = [b":path", b":authority", b"te", b"grpc-timeout", b"traceparent", b"user-agent", b"x", b""]
LENGTHS = [0, 1, 2, 5, 20, 60, 120, 126, 127, 128, 200, 4_000, 5_000]
TABLE_SIZES = [0, 31, 32, 40, 100, 200, 4_096, 10_000]
KINDS = [INDEXED, PLAIN, SENSITIVE]


def fuzz_hpack(seconds: float, seed: int) -> int:
    """Decodes random blocks for some `seconds`; returns how many.

    Raises:
        AssertionError: The decoders differ; the message has the block. Or another exception, that
            a decoder must not raise.
    """
    rnd = random.Random(seed)
    until = time.monotonic() + seconds
    blocks = 0
    while time.monotonic() < until:
        blocks += fuzz_connection(rnd)
    return blocks


def fuzz_connection(rnd: random.Random) -> int:
    """Decodes blocks of one connection until it fails, 30 at most; returns how many."""
    twins = TwinDecoders(rnd.choice([100, 400, 2_000, 2**20]))
    encoder = hpack.Encoder()
    for count in range(30):
        if rnd.random() < 0.1:
            size = rnd.choice(TABLE_SIZES)
            twins.limit_table(size)
            encoder.header_table_size = size
        block = random_block(rnd, encoder)
        if rnd.random() < 0.3:
            block = mutated(rnd, block)
        if not twins.decode(block):
            return count + 1
    return 30


def random_block(rnd: random.Random, encoder: hpack.Encoder) -> bytes:
    """Returns a block that the library encoded, or pieces put together, or mere bytes."""
    choice = rnd.random()
    if choice < 0.6:
        fields = [(*random_field(rnd), rnd.random() < 0.2) for _ in range(rnd.randrange(12))]
        return encoder.encode(fields, huffman=rnd.random() < 0.7)
    if choice < 0.9:
        return b"".join(random_piece(rnd) for _ in range(rnd.randrange(12)))
    return rnd.randbytes(rnd.randrange(40))


def random_field(rnd: random.Random) -> Field:
    return (rnd.choice(NAMES) if rnd.random() < 0.7 else random_text(rnd)), random_text(rnd)


def random_text(rnd: random.Random) -> bytes:
    """Returns a text of some length: one that comes again and again, or any bytes."""
    length = rnd.choice(LENGTHS[: rnd.randrange(1, len(LENGTHS) + 1)])
    if rnd.random() < 0.6:
        return (b"/package.Service/Method-%d" % rnd.randrange(3) * 200)[:length]
    if rnd.random() < 0.7:
        return bytes(rnd.choices(b"0123456789abcdef-", k=length))
    return rnd.randbytes(length)


def random_piece(rnd: random.Random) -> bytes:
    """Returns one representation, or what looks like one."""
    makers: list[Callable[[], bytes]] = [
        lambda: indexed(rnd.randrange(1, 70)),
        lambda: literal(*random_field(rnd), rnd.choice(KINDS), coded=rnd.random() < 0.5),
        lambda: literal(
            rnd.randrange(1, 66), random_text(rnd), rnd.choice(KINDS), coded=rnd.random() < 0.5
        ),
    ]
    if rnd.random() < 0.05:
        makers = [
            lambda: size_update(rnd.choice(TABLE_SIZES)),
            lambda: integer(rnd.randrange(200), 7, 0x80, zeros=rnd.randrange(6)),
            lambda: integer(rnd.randrange(2**36), rnd.randrange(4, 8), rnd.choice(KINDS)),
            lambda: b"\x04" + integer(rnd.randrange(300), 7, 0x80) + rnd.randbytes(130),
            lambda: b"\x0f" + integer(rnd.randrange(40), 7, zeros=2) + string(random_text(rnd)),
        ]
    return rnd.choice(makers)()


def mutated(rnd: random.Random, block: bytes) -> bytes:
    """Returns `block` with a few of its bytes changed, taken out, doubled or put in."""
    changed = bytearray(block or b"\x00")
    for _ in range(rnd.choice([1, 1, 1, 2, 4])):
        at = rnd.randrange(len(changed) + 1)
        match rnd.randrange(5):
            case 0:
                changed[at : at + 1] = rnd.randbytes(1)
            case 1:
                changed[at : at + 1] = bytes([changed[at % len(changed)] ^ 1 << rnd.randrange(8)])
            case 2:
                del changed[at : at + rnd.randrange(1, 9)]
            case 3:
                changed[at:at] = changed[at : at + rnd.randrange(1, 40)]
            case _:
                changed[at:at] = random_piece(rnd)
        changed = changed or bytearray(1)
    return bytes(changed)
