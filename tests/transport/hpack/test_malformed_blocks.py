"""A malformed block is an HpackError that says what is wrong with it."""

import pytest

from pannier_server.transport.h2.hpack import Decoder, HpackError
from tests.transport.hpack.blocks import (
    INDEXED,
    PLAIN,
    SENSITIVE,
    huffman,
    indexed,
    integer,
    literal,
    size_update,
    string,
)

POST = indexed(3)
# Eight bits of ones begin EOS, which is thirty.
EOS = b"\xff\xff\xff\xff"


def coded(raw: bytes) -> bytes:
    """Returns a field whose value is the Huffman string of these raw bytes."""
    return integer(4, 4) + integer(len(raw), 7, 0x80) + raw


MALFORMED = {
    "index 0": (indexed(0), "index 0 names no header field"),
    "an index past the static table, the dynamic one being empty": (indexed(62), "index 62"),
    "an index past both tables": (literal(b"a", b"b", INDEXED) + indexed(63), "index 63"),
    "an index of two bytes past both tables": (indexed(1_000), "index 1000"),
    "a name with an index past both tables": (literal(62, b"v"), "index 62"),
    "an indexed name past both tables": (literal(63, b"v", INDEXED), "index 63"),
    "an integer past 32 bits": (indexed(2**32), "larger than 4294967295"),
    "an integer of six further bytes": (b"\xff" + b"\x80" * 5 + b"\x00", "larger than 4294967295"),
    "a length past 32 bits": (b"\x00" + integer(2**32, 7), "larger than 4294967295"),
    "no end of an index": (b"\xff\x80", "ends inside an integer"),
    "no end of the index of a name": (b"\x0f", "ends inside an integer"),
    "no length of a name": (b"\x00", "ends inside an integer"),
    "no end of the length of a value": (b"\x04\x7f", "ends inside an integer"),
    "no end of a size update": (b"\x3f", "ends inside an integer"),
    "a name cut short": (b"\x00\x02a", "ends inside the string"),
    "no value": (b"\x00\x01a", "ends inside an integer"),
    "no value of a known name": (b"\x04", "ends inside an integer"),
    "a value cut short": (b"\x00\x01a\x02v", "ends inside the string"),
    "a long name cut short": (b"\x00" + integer(200, 7) + b"a" * 199, "ends inside the string"),
    "a long value cut short": (b"\x04" + integer(200, 7) + b"a" * 199, "ends inside the string"),
    "a huge value cut short": (b"\x04" + integer(2**32 - 1, 7) + b"a", "ends inside the string"),
    "padding of eight bits": (coded(huffman(b"/") + b"\xff"), "padding"),
    "a byte of padding alone": (coded(b"\xff"), "padding"),
    "padding that is not ones": (coded(b"\x18"), "padding"),  # "a", 000
    "padding of zeros alone": (coded(b"\x00\x00"), "padding"),  # 000 000 000 0: three "0", a 0
    "a code cut short": (coded(b"\xfe"), "padding"),
    "EOS": (coded(EOS), "EOS"),
    "EOS after text": (coded(huffman(b"0" * 8) + EOS), "EOS"),
    "a name with EOS": (b"\x00" + integer(4, 7, 0x80) + EOS + string(b"v"), "EOS"),
    "a size update above the limit": (size_update(4_097), "4097 bytes exceeds our 4096"),
    "a second size update above it": (size_update(0) + size_update(4_097), "exceeds our 4096"),
    "three size updates": (size_update(0) * 3, "more than two"),
    "a size update after a field": (POST + size_update(0), "size update follows"),
    "one between fields": (POST + size_update(0) + POST, "size update follows"),
    "one of several bytes after a field": (POST + size_update(4_000), "size update follows"),
}


@pytest.mark.parametrize(("block", "complaint"), MALFORMED.values(), ids=MALFORMED.keys())
def test_it_is_an_error(block: bytes, complaint: str) -> None:
    with pytest.raises(HpackError, match=complaint):
        Decoder(max_list_bytes=10_000).decode(block)


# Huffman strings are not decoded there.
WRONG_PAST_THE_LIMIT = {
    name: case for name, case in MALFORMED.items() if case[1] not in {"EOS", "padding"}
}


@pytest.mark.parametrize(
    "block", [b for b, _ in WRONG_PAST_THE_LIMIT.values()], ids=[*WRONG_PAST_THE_LIMIT]
)
def test_it_is_an_error_past_the_largest_list_too(block: bytes) -> None:
    too_large = literal(b"first", b"v" * 400)
    with pytest.raises(HpackError):
        Decoder(max_list_bytes=400).decode(too_large + block)


@pytest.mark.parametrize("kind", [PLAIN, SENSITIVE, INDEXED])
@pytest.mark.parametrize("is_coded", [False, True])
def test_every_way_to_cut_a_field_short_is_an_error(kind: int, is_coded: bool) -> None:
    # Decoded first as a whole, so that what is remembered of it can't hide that it was cut.
    fields: list[tuple[bytes | int, bytes]] = [
        (b"name", b"value"),
        (b"n" * 200, b"v" * 200),
        (4, b"v"),
        (58, b"v" * 200),
    ]
    for name, value in fields:
        field = literal(name, value, kind, coded=is_coded)
        Decoder(max_list_bytes=10_000).decode(field)
        for length in range(1, len(field)):
            with pytest.raises(HpackError):
                Decoder(max_list_bytes=10_000).decode(field[:length])


@pytest.mark.parametrize(
    ("block", "value"),
    [
        (b"\x04" + integer(127, 7) + b"v" * 127, b"v" * 127),
        (b"\x04" + integer(127, 7, zeros=3) + b"v" * 127, b"v" * 127),
        (b"\x04" + integer(128, 7) + b"v" * 128, b"v" * 128),
        (coded(huffman(b"/")), b"/"),
        (coded(b"\x00\x7f"), b"01"),  # 00000 00001, and six bits of padding
        (coded(huffman(b"00000")), b"00000"),  # seven bits of padding
        (coded(b""), b""),
        (b"\x04\x00", b""),
    ],
)
def test_what_is_only_unusual_is_right(block: bytes, value: bytes) -> None:
    for _ in range(2):
        assert Decoder(max_list_bytes=10_000).decode(block).fields == [(b":path", value)]


def test_an_empty_block_is_an_empty_list() -> None:
    block = Decoder(max_list_bytes=10_000).decode(b"")
    assert (block.fields, block.starts, block.stateless) == ([], [], True)
