"""What `encode_fields` writes decodes to the same fields, whatever came before."""

import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pannier_server.transport.h2.hpack import Decoder, Field, encode_fields
from pannier_server.transport.h2.hpack.static_table import STATIC_ENTRIES
from tests.transport.hpack.blocks import indexed, literal

STATIC_FIELDS = [field for field, _ in STATIC_ENTRIES]
texts = st.binary(max_size=20) | st.binary(min_size=120, max_size=300)
fields = st.sampled_from(STATIC_FIELDS) | st.tuples(
    st.sampled_from(STATIC_FIELDS).map(lambda field: field[0]) | texts, texts
)


@given(st.lists(fields, max_size=12))
def test_any_fields_decode_to_themselves(header_list: list[Field]) -> None:
    encoded = encode_fields(header_list)
    decoded = hpack.Decoder(2**30).decode(encoded, raw=True)
    assert [(bytes(name), bytes(value)) for name, value in decoded] == header_list
    block = Decoder(max_list_bytes=2**30).decode(encoded)
    assert block.fields == header_list
    assert block.stateless


@pytest.mark.parametrize(
    ("field", "encoded"),
    [
        ((b":status", b"200"), indexed(8)),
        ((b"accept-encoding", b"gzip, deflate"), indexed(16)),
        ((b"content-type", b"application/grpc"), literal(31, b"application/grpc")),
        ((b":status", b"418"), literal(8, b"418")),
        ((b"grpc-status", b"0"), literal(b"grpc-status", b"0")),
        ((b"grpc-message", b"m" * 127), literal(b"grpc-message", b"m" * 127)),
        ((b"", b""), literal(b"", b"")),
    ],
)
def test_a_field_takes_the_shortest_form_of_the_static_table(field: Field, encoded: bytes) -> None:
    assert encode_fields([field]) == encoded


def test_the_static_table_is_the_one_of_the_hpack_library() -> None:
    table = hpack.table.HeaderTable.STATIC_TABLE
    assert tuple(STATIC_FIELDS) == table
    assert [encode_fields([field]) for field in STATIC_FIELDS] == [
        indexed(index) for index in range(1, 62)
    ]


def test_no_fields_are_an_empty_block() -> None:
    assert encode_fields([]) == b""


def test_any_iterable_will_do() -> None:
    assert encode_fields(field for field in [(b":status", b"200")]) == indexed(8)
