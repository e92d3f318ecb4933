"""A decoded block says where its fields begin, and whether it depends on other blocks."""

import pytest

from pannier_server.transport.h2.hpack import Decoder, Field, HpackError
from tests.transport.hpack.blocks import (
    INDEXED,
    PLAIN,
    SENSITIVE,
    indexed,
    literal,
    size_update,
)

PIECES: list[tuple[bytes, Field]] = [
    (indexed(3), (b":method", b"POST")),
    (literal(4, b"/p", coded=True), (b":path", b"/p")),
    (literal(b"te", b"trailers"), (b"te", b"trailers")),
    (literal(31, b"application/grpc"), (b"content-type", b"application/grpc")),
    (literal(b"n" * 300, b"v" * 300, coded=True), (b"n" * 300, b"v" * 300)),
    (literal(b"token", b"s", SENSITIVE), (b"token", b"s")),
    (literal(b"kept", b"v", INDEXED), (b"kept", b"v")),
    (indexed(62), (b"kept", b"v")),
    (literal(62, b"other"), (b"kept", b"other")),
    (literal(62, b"third", INDEXED, coded=True), (b"kept", b"third")),
    (indexed(63), (b"kept", b"v")),
]


@pytest.fixture
def decoder() -> Decoder:
    return Decoder(max_list_bytes=10_000)


def test_each_field_starts_where_the_one_before_ended(decoder: Decoder) -> None:
    update = size_update(1_000)
    block = decoder.decode(update + b"".join(piece for piece, _ in PIECES))
    expected, at = [], len(update)
    for piece, field in PIECES:
        expected.append((at, field))
        at += len(piece)
    assert list(zip(block.starts, block.fields, strict=True)) == expected


@pytest.mark.parametrize("kind", [PLAIN, SENSITIVE])
def test_static_and_plain_literal_fields_are_stateless(decoder: Decoder, kind: int) -> None:
    decoder.decode(literal(b"in", b"table", INDEXED))
    assert decoder.decode(indexed(3) + literal(b"a", b"b", kind) + literal(61, b"v")).stateless


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(indexed(62), id="reads a field of the table"),
        pytest.param(literal(62, b"v"), id="reads a name of the table"),
        pytest.param(literal(b"name", b"value", INDEXED), id="adds to the table"),
        pytest.param(literal(b"name", b"v" * 5_000, INDEXED), id="empties the table"),
        pytest.param(size_update(4_096), id="sets the size that the table has"),
        pytest.param(literal(62, b"v", SENSITIVE) + indexed(3), id="reads it at the start"),
        pytest.param(indexed(3) + literal(b"a", b"", INDEXED) + indexed(3), id="adds in between"),
    ],
)
def test_what_reads_or_changes_the_table_is_not_stateless(decoder: Decoder, block: bytes) -> None:
    decoder.decode(literal(b"in", b"table", INDEXED))
    assert not decoder.decode(block).stateless


def test_what_empties_a_table_is_not_stateless_even_if_it_was_empty(decoder: Decoder) -> None:
    # Later it might not be.
    too_large = literal(b"name", b"v" * 5_000, INDEXED)
    assert not decoder.decode(too_large).stateless


def test_what_leaves_a_table_without_room_empty_is_stateless(decoder: Decoder) -> None:
    decoder.decode(size_update(0))
    block = decoder.decode(literal(b"name", b"value", INDEXED))
    assert block.stateless
    assert block.fields == [(b"name", b"value")]


def test_a_table_without_room_holds_nothing_to_name(decoder: Decoder) -> None:
    decoder.decode(size_update(0) + literal(b"name", b"value", INDEXED))
    with pytest.raises(HpackError, match="index 62"):
        decoder.decode(indexed(62))
