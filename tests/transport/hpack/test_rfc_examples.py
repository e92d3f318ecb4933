"""The examples of RFC 7541, appendix C, decode to what it says, and leave its dynamic table."""

import pytest

from pannier_server.transport.h2.hpack import Decoder, Field
from pannier_server.transport.h2.hpack.integers import read_integer, write_integer
from tests.transport.hpack.blocks import integer, size_update

FIRST_DATE = (b"date", b"Mon, 21 Oct 2013 20:13:21 GMT")
SECOND_DATE = (b"date", b"Mon, 21 Oct 2013 20:13:22 GMT")
LOCATION = (b"location", b"https://www.example.com")
PRIVATE = (b"cache-control", b"private")
AUTHORITY = (b":authority", b"www.example.com")
NO_CACHE = (b"cache-control", b"no-cache")
CUSTOM = (b"custom-key", b"custom-value")
COOKIE = (b"set-cookie", b"foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1")
GZIP = (b"content-encoding", b"gzip")


def get(scheme: bytes, path: bytes, *rest: Field) -> list[Field]:
    return [(b":method", b"GET"), (b":scheme", scheme), (b":path", path), AUTHORITY, *rest]


REQUESTS: list[tuple[list[Field], list[Field]]] = [
    (get(b"http", b"/"), [AUTHORITY]),
    (get(b"http", b"/", NO_CACHE), [NO_CACHE, AUTHORITY]),
    (get(b"https", b"/index.html", CUSTOM), [CUSTOM, NO_CACHE, AUTHORITY]),
]
RESPONSES: list[tuple[list[Field], list[Field]]] = [
    (
        [(b":status", b"302"), PRIVATE, FIRST_DATE, LOCATION],
        [LOCATION, FIRST_DATE, PRIVATE, (b":status", b"302")],
    ),
    (
        [(b":status", b"307"), PRIVATE, FIRST_DATE, LOCATION],
        [(b":status", b"307"), LOCATION, FIRST_DATE, PRIVATE],
    ),
    (
        [(b":status", b"200"), PRIVATE, SECOND_DATE, LOCATION, GZIP, COOKIE],
        [COOKIE, GZIP, SECOND_DATE],
    ),
]
REQUESTS_IN_PLAIN = [
    "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
    "8286 84be 5808 6e6f 2d63 6163 6865",
    "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
]
REQUESTS_IN_HUFFMAN = [
    "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
    "8286 84be 5886 a8eb 1064 9cbf",
    "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
]
RESPONSES_IN_PLAIN = [
    (
        "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133"
        "2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70"
        "6c65 2e63 6f6d"
    ),
    "4803 3330 37c1 c0bf",
    (
        "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d"
        "54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049"
        "5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e"
        "3d31"
    ),
]
RESPONSES_IN_HUFFMAN = [
    (
        "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6"
        "2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3"
    ),
    "4883 640e ffc1 c0bf",
    (
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab"
        "77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f"
        "9587 3160 65c0 03ed 4ee5 b106 3d50 07"
    ),
]


def table_of(decoder: Decoder) -> list[Field]:
    return [field for field, _ in reversed(decoder._table.entries)]


@pytest.mark.parametrize(
    ("example", "field", "table"),
    [
        pytest.param(
            "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
            (b"custom-key", b"custom-header"),
            [(b"custom-key", b"custom-header")],
            id="literal field with indexing",
        ),
        pytest.param(
            "040c 2f73 616d 706c 652f 7061 7468",
            (b":path", b"/sample/path"),
            [],
            id="literal field without indexing",
        ),
        pytest.param(
            "1008 7061 7373 776f 7264 0673 6563 7265 74",
            (b"password", b"secret"),
            [],
            id="literal field never indexed",
        ),
        pytest.param("82", (b":method", b"GET"), [], id="indexed field"),
    ],
)
def test_a_single_field_decodes(example: str, field: Field, table: list[Field]) -> None:
    decoder = Decoder(max_list_bytes=1_000)
    assert decoder.decode(bytes.fromhex(example)).fields == [field]
    assert table_of(decoder) == table


@pytest.mark.parametrize(
    ("table_bytes", "blocks", "expected"),
    [
        pytest.param(4_096, REQUESTS_IN_PLAIN, REQUESTS, id="requests"),
        pytest.param(4_096, REQUESTS_IN_HUFFMAN, REQUESTS, id="requests in Huffman code"),
        pytest.param(256, RESPONSES_IN_PLAIN, RESPONSES, id="responses, a small table"),
        pytest.param(256, RESPONSES_IN_HUFFMAN, RESPONSES, id="the same in Huffman code"),
    ],
)
def test_a_connection_decodes(
    table_bytes: int, blocks: list[str], expected: list[tuple[list[Field], list[Field]]]
) -> None:
    decoder = Decoder(max_list_bytes=1_000)
    decoder.decode(size_update(table_bytes))
    for block, (fields, table) in zip(blocks, expected, strict=True):
        assert decoder.decode(bytes.fromhex(block)).fields == fields
        assert table_of(decoder) == table


@pytest.mark.parametrize(
    ("value", "prefix_bits", "written"), [(10, 5, "0a"), (1_337, 5, "1f9a0a"), (42, 8, "2a")]
)
def test_an_integer_reads_and_writes(value: int, prefix_bits: int, written: str) -> None:
    block = bytes.fromhex(written)
    assert read_integer(block, 0, prefix_bits) == (value, len(block))
    assert write_integer(value, prefix_bits, 0) == block


@pytest.mark.parametrize("prefix_bits", range(1, 9))
def test_every_integer_reads_as_it_was_written(prefix_bits: int) -> None:
    for value in [*range(700), *(2**bits + by for bits in range(10, 32) for by in (-1, 0, 1))]:
        written = write_integer(value, prefix_bits, 0)
        assert written == integer(value, prefix_bits)
        assert read_integer(b"\x00" + written + b"\x00", 1, prefix_bits) == (
            value,
            1 + len(written),
        )
