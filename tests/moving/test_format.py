"""The lines of an export: each record comes back as it was, and anything else is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pannier_server.backends.contract import MAX_EXPIRES_AT, MAX_VERSION, MIN_EXPIRES_AT, Key
from pannier_server.backends.transfer import RecordCopy
from pannier_server.transfer.format import (
    MAX_LINE_BYTES,
    FormatError,
    Header,
    Trailer,
    decode_header,
    decode_record,
    decode_trailer,
    encode_header,
    encode_record,
    encode_trailer,
    format_time,
    is_trailer,
)

HEADER = Header(
    format="pannier-export",
    format_version=1,
    id="0a4f",
    exported_at="2026-01-31T12:00:00Z",
    source="sqlite",
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
KEYS = st.builds(Key, TEXT.filter(lambda owner: ":" not in owner), TEXT)
DATA = st.one_of(st.binary(), TEXT.map(str.encode))
EXPIRIES = st.one_of(st.none(), st.integers(MIN_EXPIRES_AT, MAX_EXPIRES_AT))
COPIES = st.builds(RecordCopy, KEYS, DATA, st.integers(1, MAX_VERSION), EXPIRIES)


@given(COPIES)
def test_a_record_comes_back_as_it_was(copy: RecordCopy) -> None:
    line = encode_record(copy)
    assert line.endswith(b"\n")
    assert b"\n" not in line[:-1]
    assert not is_trailer(line)
    assert decode_record(line) == copy


@given(COPIES)
def test_a_record_is_plain_json_that_others_can_read(copy: RecordCopy) -> None:
    found = json.loads(encode_record(copy))
    assert found["key"] == f"{copy.key.owner}:{copy.key.name}"
    assert found["version"] == copy.version
    assert ("data" in found) is not ("data_base64" in found)
    assert ("expire_time" in found) is (copy.expires_at is not None)


@pytest.mark.parametrize("data", [b"\0", b"\x1f", b"\xff", "\U0010ffff".encode()])
def test_the_longest_line_holds_the_largest_data(data: bytes) -> None:
    largest = data * (4 * 1024 * 1024 // len(data))
    assert len(encode_record(RecordCopy(Key("o", "n"), largest, 1, None))) < MAX_LINE_BYTES


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (MIN_EXPIRES_AT, "0001-01-01T00:00:00Z"),
        (MAX_EXPIRES_AT, "9999-12-31T23:59:59Z"),
    ],
)
def test_times_are_rfc_3339(seconds: int, text: str) -> None:
    assert format_time(seconds) == text


def test_the_header_comes_back() -> None:
    assert decode_header(encode_header(HEADER)) == HEADER
    assert b"prefix" not in encode_header(HEADER)


def test_the_trailer_comes_back() -> None:
    trailer = Trailer(records=0, unreadable=3, sha256="ab")
    line = encode_trailer(trailer)
    assert is_trailer(line)
    assert decode_trailer(line) == trailer


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"key": None}, "no record"),
        ({"key": "no colon"}, "has no colon"),
        ({"key": ":name"}, "empty owner"),
        ({"key": "owner:"}, "empty name"),
        ({"key": "o" * 2043 + ":n"}, "2,043 bytes"),
        ({"key": "o:" + "n" * 1020}, "1,020 bytes"),
        ({"version": 0}, "version is 0"),
        ({"version": 2**63}, "version is 9223372036854775808"),
        ({"version": 2**80}, "version"),
        ({"version": 1.5}, "no record"),
        ({"version": "1"}, "no record"),
        ({"data": None}, "one of data and data_base64"),
        ({"data_base64": "eA=="}, "one of data and data_base64"),
        ({"data": None, "data_base64": "x"}, "no base64"),
        ({"data": None, "data_base64": "e A=="}, "no base64"),
        ({"data": 7}, "no record"),
        ({"expire_time": "tomorrow"}, "expire_time"),
        ({"expire_time": 7}, "no record"),
        ({"ttl": 7}, "ttl"),
    ],
)
def test_what_is_no_record_is_refused_with_the_reason(
    change: dict[str, object], problem: str
) -> None:
    line = {"key": "o:n", "version": 1, "data": "secret"} | change
    with pytest.raises(FormatError) as refusal:
        decode_record(json.dumps(line).encode())
    assert problem in str(refusal.value)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("line", [b"", b"x", b"[]", b"null", b'{"key":"\xff"}', b'{"key":"o:n"'])
def test_what_is_no_json_object_is_refused(line: bytes) -> None:
    for decode in (decode_record, decode_header, decode_trailer):
        with pytest.raises(FormatError):
            decode(line)
    assert not is_trailer(line)


@pytest.mark.parametrize("member", ["key", "data"])
def test_half_of_a_surrogate_pair_is_refused(member: str) -> None:
    line = {"key": "o:n", "version": 1, "data": "x"} | {member: "o:\ud800"}
    with pytest.raises(FormatError):
        decode_record(json.dumps(line).encode())


def test_an_explicit_null_is_no_expiry() -> None:
    line = b'{"key":"o:n","version":1,"data":"x","expire_time":null}'
    assert decode_record(line).expires_at is None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"format": "something"}, "'something'"),
        ({"format_version": 2}, "version 2"),
        ({"format_version": "1"}, "no export"),
        ({"more": 1}, "more"),
        ({"id": None}, "id"),
    ],
)
def test_what_is_no_header_is_refused_with_the_reason(
    change: dict[str, object], problem: str
) -> None:
    line = json.loads(encode_header(HEADER)) | change
    with pytest.raises(FormatError) as refusal:
        decode_header(json.dumps(line).encode())
    assert problem in str(refusal.value)
