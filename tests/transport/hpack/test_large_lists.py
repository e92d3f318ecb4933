"""A header list past the limit costs little, and leaves the connection in step."""

import tracemalloc

import pytest

from pannier_server.transport.h2.hpack import Decoder, Field, HeaderListTooLarge, HpackError
from tests.transport.hpack.blocks import (
    INDEXED,
    PLAIN,
    SENSITIVE,
    indexed,
    literal,
    size_update,
)
from tests.transport.hpack.oracle import forget, size_of

LIMIT = 1_000
TOO_LARGE = literal(b"large", b"v" * LIMIT)


def table_of(of: Decoder) -> list[Field]:
    return [field for field, _ in reversed(of._table.entries)]


def test_a_list_of_just_the_limit_is_accepted() -> None:
    fields = [(b":method", b"POST"), (b"name", b"v" * 100), (b"last", b"")]
    block = indexed(3) + literal(b"name", b"v" * 100) + literal(b"last", b"")
    size = sum(map(size_of, fields))
    assert Decoder(max_list_bytes=size).decode(block).fields == fields
    with pytest.raises(HeaderListTooLarge, match=f"larger than {size - 1} bytes"):
        Decoder(max_list_bytes=size - 1).decode(block)


@pytest.mark.parametrize("count", [1, 2])
def test_seen_or_new_a_field_counts_the_same(count: int) -> None:
    forget()
    block = literal(b"name", b"v" * 64, coded=True) * count
    for _ in range(3):
        assert len(Decoder(max_list_bytes=count * 100).decode(block).fields) == count
        with pytest.raises(HeaderListTooLarge):
            Decoder(max_list_bytes=count * 100 - 1).decode(block)


def test_each_list_has_the_limit_for_itself() -> None:
    one = Decoder(max_list_bytes=100)
    for _ in range(10):
        assert one.decode(literal(b"name", b"v" * 60)).fields


def test_what_a_large_list_adds_to_the_table_is_there_afterwards() -> None:
    one = Decoder(max_list_bytes=LIMIT)
    before, after = (b"before", b"1"), (b"after", b"2")
    coded, named = (b"coded", b"3" * 300), (b"coded", b"4")
    with pytest.raises(HeaderListTooLarge):
        one.decode(
            literal(*before, INDEXED)
            + TOO_LARGE
            + literal(*after, INDEXED)
            + literal(*coded, INDEXED, coded=True)
            + literal(62, named[1], INDEXED)
            + literal(b"not", b"kept")
        )
    assert table_of(one) == [named, coded, after, before]
    assert one.decode(indexed(62)).fields == [named]


def test_the_field_that_passes_the_limit_is_added_to_the_table_too() -> None:
    one = Decoder(max_list_bytes=LIMIT)
    with pytest.raises(HeaderListTooLarge):
        one.decode(literal(b"large", b"v" * LIMIT, INDEXED, coded=True))
    assert table_of(one) == [(b"large", b"v" * LIMIT)]


def test_an_entry_too_large_for_the_table_empties_it_past_the_limit_too() -> None:
    one = Decoder(max_list_bytes=LIMIT)
    with pytest.raises(HeaderListTooLarge):
        one.decode(literal(b"a", b"b", INDEXED) + literal(b"n", b"v" * 5_000, INDEXED, coded=True))
    assert table_of(one) == []


def test_a_size_update_of_a_large_list_counts() -> None:
    one = Decoder(max_list_bytes=LIMIT)
    one.limit_table(0)
    with pytest.raises(HeaderListTooLarge):
        one.decode(size_update(0) + TOO_LARGE)
    assert one.decode(indexed(3)).fields
    assert one.is_settled


@pytest.mark.parametrize("kind", [PLAIN, SENSITIVE])
def test_past_the_limit_nothing_is_decoded_that_the_table_does_not_need(
    decoded: list[bytes], kind: int
) -> None:
    # A name that is known already makes the value no more needed.
    Decoder(max_list_bytes=LIMIT).decode(literal(4, b"/", kind))
    some = [literal(b"name-%d" % n, b"short value", kind, coded=True) for n in range(50)]
    some += [literal(4, b"v" * 300, kind, coded=True), literal(4, b"short", kind, coded=True)]
    with pytest.raises(HeaderListTooLarge):
        Decoder(max_list_bytes=LIMIT).decode(TOO_LARGE + b"".join(some))
    assert decoded == []


def test_past_the_limit_nothing_is_decoded_for_a_table_without_room(decoded: list[bytes]) -> None:
    one = Decoder(max_list_bytes=LIMIT)
    with pytest.raises(HeaderListTooLarge):
        one.decode(size_update(0) + TOO_LARGE + literal(b"n", b"value", INDEXED, coded=True) * 9)
    assert decoded == []


def test_past_the_limit_no_entry_is_decoded_that_can_not_fit_the_table(
    decoded: list[bytes],
) -> None:
    # The longest codes, so that the encoded bytes say the least about how long the text is.
    some = literal(b"name", b"\n" * 4_100, INDEXED, coded=True)
    with pytest.raises(HeaderListTooLarge):
        Decoder(max_list_bytes=LIMIT).decode(TOO_LARGE + some)
    assert decoded == []


def test_a_value_that_can_not_fit_the_list_is_not_decoded(decoded: list[bytes]) -> None:
    with pytest.raises(HeaderListTooLarge):
        Decoder(max_list_bytes=LIMIT).decode(literal(b"name", b"\n" * LIMIT, coded=True))
    assert decoded == []


def test_references_of_a_few_times_the_limit_leave_the_connection_in_step() -> None:
    one = Decoder(max_list_bytes=LIMIT)
    entry = literal(b"name", b"v" * 960, INDEXED)
    with pytest.raises(HeaderListTooLarge):
        one.decode(entry + indexed(62) * 100)
    assert one.decode(indexed(62)).fields


def test_references_are_read_no_further_than_to_know_that_they_are_a_bomb() -> None:
    one = Decoder(max_list_bytes=LIMIT)
    # What comes last is never reached: it names no field.
    bomb = literal(b"name", b"v" * 960, INDEXED) + indexed(62) * 513 + indexed(100)
    with pytest.raises(HpackError, match="bomb"):
        one.decode(bomb)


def test_tiny_fields_are_read_no_further_than_to_know_that_they_are_a_bomb() -> None:
    bomb = literal(b"a", b"") * (513 + LIMIT // 33) + indexed(100)
    with pytest.raises(HpackError, match="bomb"):
        Decoder(max_list_bytes=LIMIT).decode(bomb)


def test_references_to_a_large_entry_make_no_large_list() -> None:
    one = Decoder(max_list_bytes=LIMIT)
    bomb = literal(b"name", b"v" * 900, INDEXED) + indexed(62) * 100_000
    tracemalloc.start()
    try:
        with pytest.raises(HpackError, match="bomb"):
            one.decode(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Lists of so many pointers alone would take 1.6 MB.
    assert peak < 20_000


def test_many_fields_past_the_limit_are_not_kept() -> None:
    one = Decoder(max_list_bytes=LIMIT)
    many = b"".join(literal(b"name", b"%0100d" % n) for n in range(500))
    forget()
    tracemalloc.start()
    try:
        with pytest.raises(HeaderListTooLarge):
            one.decode(many)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # What is remembered of them is bounded; see the tests of that.
    assert peak < 1_000_000
