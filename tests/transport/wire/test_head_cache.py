"""Heads from the cache are those that decoding would give, whatever the blocks hold."""

import hpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pannier_server.transport.h2.hpack import encode_fields
from pannier_server.transport.h2.limits import Limits
from pannier_server.transport.h2.meters import Meters
from pannier_server.transport.h2.wire.heads import RequestHeadDecoder
from tests.transport.hpack.blocks import INDEXED, PLAIN, SENSITIVE, indexed, literal, size_update
from tests.transport.wire.twins import Twins, kept

Field = tuple[bytes, bytes]

CALL: list[Field] = [
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":path", b"/pkg.Service/Method"),
    (b"content-type", b"application/grpc"),
    (b"te", b"trailers"),
]
TIMEOUT = b"grpc-timeout"
HUFFMAN_TIMEOUT = bytes.fromhex("9acac8b24d494f6a7f")
# What the cache looks for in a block: the name as a string, plain and Huffman-coded.
NEEDLES = [b"\x0c" + TIMEOUT, b"\x89" + HUFFMAN_TIMEOUT]


# -- blocks of any encoder

LOOK_ALIKES = st.builds(
    lambda start, needle, rest: start + needle + rest,
    st.binary(max_size=3),
    st.sampled_from(NEEDLES),
    st.binary(max_size=12),
)
VALUES = st.one_of(
    st.sampled_from([b"", b"1S", b"20m", b"99999999n", b"soon", b"trailers", b"v" * 130]),
    st.sampled_from(NEEDLES),
    LOOK_ALIKES,
    st.binary(max_size=4),
)
NAMES = st.sampled_from(
    [b"x", b"y", TIMEOUT, TIMEOUT, HUFFMAN_TIMEOUT, b"grpc-timeout-x", NEEDLES[0]]
)
KINDS = st.sampled_from([PLAIN, PLAIN, INDEXED, SENSITIVE])
PIECES = st.one_of(
    st.builds(literal, NAMES, VALUES, KINDS, coded=st.booleans()),
    st.builds(indexed, st.integers(1, 64)),
    st.sampled_from(NEEDLES),
    st.just(literal(TIMEOUT, b"1S")),
    st.just(literal(TIMEOUT, b"2S", coded=True)),
)  # fmt: skip
START = encode_fields(CALL)
BLOCKS = st.builds(
    lambda start, pieces, cut: b"".join((start, *pieces))[: cut or None],
    st.sampled_from([START, START, b"", size_update(0) + START, size_update(50) + START]),
    st.lists(PIECES, max_size=4),
    st.just(0) | st.integers(-6, -1),
)


@settings(max_examples=500, deadline=None)
@given(
    blocks=st.lists(BLOCKS, min_size=1, max_size=4),
    order=st.lists(st.integers(0, 3), max_size=25),
    acknowledged=st.integers(0, 10),
    limit=st.sampled_from([300, 400, 16_384]),
)
def test_blocks_of_any_encoder_mean_the_same_with_the_cache_and_without(
    blocks: list[bytes], order: list[int], acknowledged: int, limit: int
) -> None:
    twins = Twins(limit)
    for number, index in enumerate(order):
        if number == acknowledged:
            twins.acknowledge()
        if not twins.decode(blocks[index % len(blocks)]):
            return


@settings(max_examples=300, deadline=None)
@given(data=st.data(), table=st.sampled_from([0, 4_096]), huffman=st.booleans())
def test_calls_of_the_hpack_library_mean_the_same_with_the_cache_and_without(
    data: st.DataObject, table: int, huffman: bool
) -> None:
    twins = Twins()
    encoder = hpack.Encoder()
    encoder.header_table_size = table
    for _ in range(data.draw(st.integers(1, 12))):
        fields = [*CALL, *data.draw(st.lists(st.tuples(NAMES, VALUES), max_size=3))]
        assert twins.decode(encoder.encode(fields, huffman=huffman))


@settings(max_examples=500, deadline=None)
@given(
    needle=st.sampled_from(NEEDLES),
    before=st.binary(max_size=6),
    values=st.lists(st.binary(max_size=8) | st.sampled_from([b"\x021S", b"\x0310m"]), max_size=4),
    after=st.binary(max_size=6),
    other=st.sampled_from(NEEDLES),
)
def test_values_that_look_like_timeouts_are_none(
    needle: bytes, before: bytes, values: list[bytes], after: bytes, other: bytes
) -> None:
    twins = Twins()
    for value in [*values, *values]:
        for text in (before + needle + value + after, before + other + value + needle + after):
            if not twins.decode(START + literal(b"x", text)):
                return


# -- examples


def test_the_same_call_is_decoded_once() -> None:
    twins = Twins()
    for timeout in (b"1S", b"20m", b"99999999u", b"1S"):
        assert twins.decode(START + literal(TIMEOUT, timeout))
    assert twins.hits == 3


@pytest.mark.parametrize("coded", [False, True])
def test_a_timeout_may_be_written_either_way_from_call_to_call(coded: bool) -> None:
    twins = Twins()
    for number in range(20):
        timeout = literal(TIMEOUT, b"%dS" % number, coded=coded if number % 2 else not coded)
        assert twins.decode(START + timeout + literal(b"x", b"y"))
    assert twins.hits == 18


@pytest.mark.parametrize("needle", NEEDLES)
def test_a_value_may_end_like_the_name_of_a_timeout(needle: bytes) -> None:
    twins = Twins()
    for _ in range(2):
        assert twins.decode(START + literal(b"x", needle))


@pytest.mark.parametrize("coded", [False, True])
def test_a_timeout_that_is_none_is_no_hit(coded: bool) -> None:
    twins = Twins()
    for timeout in (b"1S", b"soon", b"", b"1S"):
        assert twins.decode(START + literal(TIMEOUT, timeout, coded=coded))
    assert twins.hits == 1


def test_a_block_that_ends_inside_its_timeout_is_no_hit() -> None:
    twins = Twins()
    assert twins.decode(START + b"\x00" + NEEDLES[0] + b"\x04100S")
    assert not twins.decode(START + b"\x00" + NEEDLES[0] + b"\x05100S")


def test_a_value_that_looks_like_a_timeout_is_none_although_there_is_one() -> None:
    plain, coded = NEEDLES
    twins = Twins()
    for timeout in (b"1S", b"5S", b"7S"):
        look_alike = literal(b"x", coded + b"\x02" + timeout + b"rest")
        assert twins.decode(START + look_alike + b"\x00" + plain + b"\x023S")


def test_a_value_right_after_an_indexed_name_is_no_name() -> None:
    authority, path = 1, 4
    twins = Twins()
    for digits in (b"00", b"77"):
        # The path is 49 bytes long, which is the digit 1: "\x041" and the path's start look
        # like a timeout of four bytes after the authority.
        text = (digits + b"S/pkg.Service/Method").ljust(0x31, b"x")
        fields = indexed(3) + indexed(6) + literal(authority, TIMEOUT) + literal(path, text)
        assert twins.decode(fields)


def test_what_is_cut_out_by_one_name_is_not_found_by_the_other() -> None:
    plain, coded = NEEDLES
    twins = Twins()
    # Read as a field, this is accept-language; read as a string, it is all there is left.
    tail = b"\x0f\x02\x0d" + b"v" * 13
    filler = b"a" * 10
    look_alike = b"\x00\x01x" + bytes((len(plain) + 13,)) + plain
    first = START + look_alike + filler + b"\x82" * 3 + b"\x00" + coded + b"\x022S" + tail
    other = START + literal(TIMEOUT, b"3S")
    # The bytes of the first one, with a timeout cut into the other place instead: the value
    # of x ends earlier here.
    second = START + look_alike + b"\x021S" + filler + b"\x82" * 3 + b"\x00" + coded + tail
    for block in (first, other, second):
        assert twins.decode(block)


def test_a_longer_timeout_may_make_a_list_too_large() -> None:
    fields = [*CALL, (TIMEOUT, b"1S")]
    size = sum(len(name) + len(value) + 32 for name, value in fields)
    for limit in range(size, size + 10):
        twins = Twins(limit)
        for timeout in (b"1S", b"12345678S", b"1S"):
            assert twins.decode(START + literal(TIMEOUT, timeout))


def test_a_block_that_empties_a_table_is_decoded_each_time() -> None:
    twins = Twins()
    emptying = START + literal(b"x", b"v" * 60, INDEXED)
    twins.decode(size_update(80) + START)
    for block in (emptying, START + literal(b"x", b"y", INDEXED), emptying):
        assert twins.decode(block)
    assert not twins.decode(START + indexed(62))


def test_a_table_that_was_switched_off_and_on_again_is_followed() -> None:
    twins = Twins()
    kept_field = START + literal(b"x", b"y", INDEXED)
    for block in (size_update(0) + START, kept_field, size_update(100) + START, kept_field):
        assert twins.decode(block)
    assert twins.decode(START + indexed(62))


def test_the_cache_is_bounded_in_heads_and_bytes() -> None:
    decoder = RequestHeadDecoder(Limits(), Meters())
    for number in range(1_000):
        for name in (b"x", TIMEOUT):
            for coded in (False, True):
                value = literal(name, b"%dS" % number, coded=coded)
                decoder.decode(START + value + literal(b"y", b"%d" % number * (number % 600)))
        assert len(kept(decoder)) <= 2 * 64
        held = [*decoder._heads._kept, *decoder._other_heads._kept]
        assert sum(map(len, held)) <= 2 * 32 * 1_024


def test_a_large_block_is_not_kept() -> None:
    decoder = RequestHeadDecoder(Limits(), Meters())
    decoder.decode(START + literal(b"x", bytes(4_096)))
    assert kept(decoder) == []
