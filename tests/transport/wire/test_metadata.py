"""Metadata as header fields, text and binary (gRPC's "gRPC over HTTP2")."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pannier_server.transport.h2.wire.metadata import decode_metadata, encode_metadata

KEYS = st.text(st.sampled_from("abcz019_.-"), min_size=1, max_size=12).filter(
    lambda key: (
        not key.startswith("grpc-") and not key.endswith("-bin") and key not in {"te", "host"}
    )
)
PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)


@given(
    st.lists(
        st.tuples(KEYS, PRINTABLE)
        | st.tuples(KEYS.map(lambda key: f"{key}-bin"), st.binary(max_size=30))
    )
)
def test_what_is_encoded_is_decoded_the_same(metadata: list[tuple[str, str | bytes]]) -> None:
    stripped = [
        (key, value.strip(" ") if isinstance(value, str) else value) for key, value in metadata
    ]
    assert list(decode_metadata(encode_metadata(metadata))) == stripped


# -- decoding


def test_order_and_repetitions_stay() -> None:
    fields = [(b"b", b"1"), (b"a", b"2"), (b"b", b"1")]
    assert decode_metadata(fields) == (("b", "1"), ("a", "2"), ("b", "1"))


@pytest.mark.parametrize("name", [
    b":method", b":path", b":authority", b"content-type", b"te", b"host", b"content-length",
    b"grpc-timeout", b"grpc-encoding", b"grpc-accept-encoding", b"grpc-anything",
])  # fmt: skip
def test_what_belongs_to_grpc_and_http_is_left_out(name: bytes) -> None:
    assert decode_metadata([(name, b"x"), (b"user-agent", b"y")]) == (("user-agent", "y"),)


@pytest.mark.parametrize(("value", "text"), [
    (b"", ""), (b" a b ", "a b"), (b"\xe4\xff", "\xe4\xff"), (b"a\tb", "a\tb"),
])  # fmt: skip
def test_text_is_taken_as_it_comes_but_for_the_space_around_it(value: bytes, text: str) -> None:
    assert decode_metadata([(b"x", value)]) == (("x", text),)


@pytest.mark.parametrize("raw", [b"", b"a", b"ab", b"abc", b"\0\xff\xfe"])
def test_binary_values_may_be_padded_or_not(raw: bytes) -> None:
    padded = base64.b64encode(raw)
    for value in (padded, padded.rstrip(b"=")):
        assert decode_metadata([(b"x-bin", value)]) == (("x-bin", raw),)


def test_binary_values_may_be_joined_by_commas() -> None:
    assert decode_metadata([(b"x-bin", b"YQ==,YmM,, ZGVm ")]) == (
        ("x-bin", b"a"),
        ("x-bin", b"bc"),
        ("x-bin", b""),
        ("x-bin", b"def"),
    )


def test_the_alphabet_of_base64_is_the_usual_one() -> None:
    assert decode_metadata([(b"x-bin", b"+/+/")]) == (("x-bin", b"\xfb\xff\xbf"),)


@pytest.mark.parametrize(
    "value", [b"a", b"abcde", b"a b", b"-_-_", b"ab\xff=", b"a===", b"=", b"ab=c", b"YQ==,?"]
)
def test_binary_values_that_are_none_are_left_out(value: bytes) -> None:
    assert decode_metadata([(b"x-bin", value), (b"y-bin", b"YQ")]) == (("y-bin", b"a"),)


@given(st.binary(max_size=30))
def test_any_binary_value_is_decoded_or_left_out(value: bytes) -> None:
    assert all(isinstance(raw, bytes) for _, raw in decode_metadata([(b"x-bin", value)]))


# -- encoding


def test_binary_values_are_not_padded() -> None:
    assert encode_metadata([("x-bin", b"a"), ("y-bin", "text")]) == [
        (b"x-bin", b"YQ"),
        (b"y-bin", b"dGV4dA"),
    ]


def test_text_may_be_given_as_bytes() -> None:
    assert encode_metadata([("x", b"text")]) == [(b"x", b"text")]


def test_space_around_a_value_is_not_sent() -> None:
    # RFC 9113 section 8.2.1 forbids it.
    assert encode_metadata([("x", "  a b "), ("y", "   ")]) == [(b"x", b"a b"), (b"y", b"")]


@pytest.mark.parametrize("key", ["", "X", "a b", ":path", "ä", "a\n", "grpc-status", "grpc-x-bin"])
def test_keys_that_are_not_allowed_are_named(key: str) -> None:
    with pytest.raises(ValueError, match="metadata key") as caught:
        encode_metadata([(key, "x")])
    assert repr(key) in str(caught.value)


def test_the_details_of_a_status_may_be_sent() -> None:
    assert encode_metadata([("grpc-status-details-bin", b"a")]) == [
        (b"grpc-status-details-bin", b"YQ")
    ]


@pytest.mark.parametrize("value", ["ä", "a\nb", "a\tb", "\0", "\x7f", b"\xff", b"a\r"])
def test_values_that_are_not_printable_are_refused_with_their_key(value: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"'x-note'.*-bin"):
        encode_metadata([("x-note", value)])
