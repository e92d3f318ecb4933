"""The dynamic table keeps to the sizes that we allow and the peer announces."""

import pytest

from pannier_server.transport.h2.hpack import Decoder, HpackError
from tests.transport.hpack.blocks import INDEXED, indexed, literal, size_update

POST = indexed(3)
KEPT = literal(b"name", b"kept", INDEXED)


@pytest.fixture
def decoder() -> Decoder:
    return Decoder(max_list_bytes=10_000)


def names_kept(decoder: Decoder) -> list[bytes]:
    """Returns the names in the table, the newest first."""
    return [name for (name, _), _ in reversed(decoder._table.entries)]


def test_the_oldest_entries_leave_a_full_table(decoder: Decoder) -> None:
    # Each counts 34 bytes, so three of them fill 102.
    decoder.decode(size_update(102))
    for name in (b"a", b"b", b"c", b"d", b"e"):
        decoder.decode(literal(name, b"v", INDEXED))
    assert names_kept(decoder) == [b"e", b"d", b"c"]


def test_a_large_entry_pushes_out_several(decoder: Decoder) -> None:
    decoder.decode(size_update(102))
    for name in (b"a", b"b", b"c", b"large" * 7):
        decoder.decode(literal(name, b"v", INDEXED))
    assert names_kept(decoder) == [b"large" * 7, b"c"]


def test_an_entry_that_just_fits_is_kept_alone(decoder: Decoder) -> None:
    decoder.decode(KEPT + literal(b"n", b"v" * (4_096 - 33), INDEXED))
    assert names_kept(decoder) == [b"n"]


def test_an_entry_larger_than_the_table_empties_it(decoder: Decoder) -> None:
    large = (b"n", b"v" * (4_096 - 32))
    assert decoder.decode(KEPT + literal(*large, INDEXED)).fields == [(b"name", b"kept"), large]
    assert names_kept(decoder) == []


def test_an_entry_can_take_the_name_of_one_that_it_pushes_out(decoder: Decoder) -> None:
    decoder.decode(size_update(40) + KEPT)
    assert decoder.decode(literal(62, b"next", INDEXED)).fields == [(b"name", b"next")]
    assert decoder.decode(indexed(62)).fields == [(b"name", b"next")]


def test_a_smaller_size_pushes_out_the_oldest(decoder: Decoder) -> None:
    decoder.decode(literal(b"a", b"v", INDEXED) + literal(b"b", b"v", INDEXED))
    decoder.decode(size_update(67))
    assert names_kept(decoder) == [b"b"]


def test_size_zero_then_the_full_size_empties_the_table(decoder: Decoder) -> None:
    decoder.decode(KEPT)
    assert decoder.decode(size_update(0) + size_update(4_096) + POST).fields
    assert names_kept(decoder) == []
    decoder.decode(KEPT)
    assert names_kept(decoder) == [b"name"]


def test_a_table_may_stay_larger_than_a_new_limit(decoder: Decoder) -> None:
    decoder.decode(KEPT)
    decoder.limit_table(0)
    assert decoder.decode(POST).fields == [(b":method", b"POST")]
    assert names_kept(decoder) == [b"name"]
    decoder.decode(literal(b"other", b"v", INDEXED))
    assert names_kept(decoder) == [b"other", b"name"]


def test_a_size_above_the_limit_is_an_error(decoder: Decoder) -> None:
    decoder.limit_table(100)
    with pytest.raises(HpackError, match="101 bytes exceeds our 100"):
        decoder.decode(size_update(101) + POST)


@pytest.mark.parametrize("size", [0, 99, 100])
def test_a_size_within_the_limit_is_taken(decoder: Decoder, size: int) -> None:
    decoder.decode(KEPT)
    decoder.limit_table(100)
    assert decoder.decode(size_update(size) + POST).fields == [(b":method", b"POST")]
    assert decoder.decode(POST).fields == [(b":method", b"POST")]


def test_a_larger_limit_may_be_used_but_need_not(decoder: Decoder) -> None:
    decoder.limit_table(10_000)
    decoder.decode(POST)
    decoder.decode(size_update(10_000) + literal(b"n", b"v" * 9_000, INDEXED))
    assert names_kept(decoder) == [b"n"]


def test_a_table_without_room_is_settled_once_it_can_get_none(decoder: Decoder) -> None:
    assert decoder.is_settled
    decoder.decode(size_update(0))
    assert not decoder.is_settled
    decoder.limit_table(0)
    assert decoder.is_settled


def test_a_table_with_room_is_settled(decoder: Decoder) -> None:
    decoder.limit_table(0)
    assert decoder.is_settled
