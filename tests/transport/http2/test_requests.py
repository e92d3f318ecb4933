"""Requests that are malformed, and those that are well (RFC 9113 sections 8.1 to 8.3)."""

import pytest

from bench.attacks.header_blocks import literal
from pannier_server.transport.h2.http2.errors import ErrorCode
from tests.transport.http2.application import RecordingApplication
from tests.transport.http2.peer import Peer, call, data, headers

Fields = list[tuple[bytes, bytes]]

METHOD, SCHEME, PATH = (b":method", b"POST"), (b":scheme", b"http"), (b":path", b"/a.B/C")
PSEUDO = [METHOD, SCHEME, PATH]
TYPE = (b"content-type", b"application/grpc")

MALFORMED: dict[str, Fields] = {
    "nothing": [],
    "no method": [SCHEME, PATH, TYPE],
    "no scheme": [METHOD, PATH, TYPE],
    "no path": [METHOD, SCHEME, TYPE],
    "an empty path": [METHOD, SCHEME, (b":path", b""), TYPE],
    "an empty method": [(b":method", b""), SCHEME, PATH, TYPE],
    "two methods": [METHOD, *PSEUDO, TYPE],
    "two paths": [*PSEUDO, PATH, TYPE],
    "two authorities": [*PSEUDO, (b":authority", b"a"), (b":authority", b"b")],
    "a pseudo-header field of answers": [*PSEUDO, (b":status", b"200")],
    "an unknown pseudo-header field": [*PSEUDO, (b":protocol", b"websocket")],
    "a pseudo-header field after a regular one": [METHOD, SCHEME, TYPE, PATH],
    "an upper-case name": [*PSEUDO, (b"Content-Type", b"application/grpc")],
    "an empty name": [*PSEUDO, (b"", b"x")],
    "a name with a space": [*PSEUDO, (b"a b", b"x")],
    "a name with a colon": [*PSEUDO, (b"a:b", b"x")],
    "a name with a control character": [*PSEUDO, (b"a\x7f", b"x")],
    "a name that is not ASCII": [*PSEUDO, (b"\xc3\xa4", b"x")],
    "a value with a line feed": [*PSEUDO, (b"x", b"a\nb")],
    "a value with a carriage return": [*PSEUDO, (b"x", b"a\rb")],
    "a value with a zero": [*PSEUDO, (b"x", b"a\0b")],
    "a path with a zero": [METHOD, SCHEME, (b":path", b"/a\0")],
    "connection": [*PSEUDO, (b"connection", b"close")],
    "keep-alive": [*PSEUDO, (b"keep-alive", b"5")],
    "proxy-connection": [*PSEUDO, (b"proxy-connection", b"close")],
    "transfer-encoding": [*PSEUDO, (b"transfer-encoding", b"chunked")],
    "upgrade": [*PSEUDO, (b"upgrade", b"h2c")],
    "te other than trailers": [*PSEUDO, (b"te", b"gzip")],
    "te with more than trailers": [*PSEUDO, (b"te", b"trailers, gzip")],
    "an empty content-length": [*PSEUDO, (b"content-length", b"")],
    "a negative content-length": [*PSEUDO, (b"content-length", b"-1")],
    "a signed content-length": [*PSEUDO, (b"content-length", b"+1")],
    "a fractional content-length": [*PSEUDO, (b"content-length", b"1.0")],
    "a huge content-length": [*PSEUDO, (b"content-length", b"1" * 20)],
    "two content-lengths": [*PSEUDO, (b"content-length", b"1"), (b"content-length", b"2")],
}

WELL: dict[str, Fields] = {
    "the least": PSEUDO,
    "another order": [PATH, METHOD, SCHEME],
    "te: trailers": [*PSEUDO, (b"te", b"trailers")],
    "the same content-length twice": [
        *PSEUDO, (b"content-length", b"1"), (b"content-length", b"1"),
    ],
    "all characters of names": [*PSEUDO, (b"!#$%&'*+-.^_`|~09az", b"x")],
    "tabs, and bytes that are not ASCII, in values": [*PSEUDO, (b"x", b"a\tb\xff\x80")],
    "an empty value": [*PSEUDO, (b"x", b"")],
    "a name twice": [*PSEUDO, (b"x", b"1"), (b"x", b"2")],
}  # fmt: skip


def block(fields: Fields) -> bytes:
    return b"".join(literal(*field) for field in fields)


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("fields", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_request_is_reset_and_not_served(fields: Fields, cut: bool) -> None:
    peer = Peer(application=RecordingApplication(echoes=True))
    pieces = [headers(1, block(fields)), data(1, b"x", end=True)]
    if cut:
        assert peer.reset_after(pieces[0]) == (1, ErrorCode.PROTOCOL_ERROR)
        assert peer.send(pieces[1]) == []
    else:
        assert peer.reset_after(*pieces) == (1, ErrorCode.PROTOCOL_ERROR)
    assert peer.application.requests == []
    assert peer.application.whole == []
    assert peer.meters.stream_errors == 1
    assert peer.send(call(3, b"x"))


@pytest.mark.parametrize("fields", WELL.values(), ids=WELL)
def test_what_is_well_is_served(fields: Fields) -> None:
    peer = Peer()
    assert peer.send(call(1, b"x", block(fields))) == []
    assert peer.application[1].events == ["ended"]
    assert peer.application[1].head.fields == tuple(fields)


def with_length(length: int) -> bytes:
    return block([*PSEUDO, (b"content-length", b"%d" % length)])


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize(("length", "pieces"), [
    (4, [b"abc"]),
    (2, [b"abc"]),
    (0, [b"abc"]),
    (7, [b"abc", b"def"]),
    (5, [b"abc", b"def"]),
    (3, [b""]),
])  # fmt: skip
def test_a_body_must_be_as_long_as_announced(length: int, pieces: list[bytes], cut: bool) -> None:
    peer = Peer(application=RecordingApplication(echoes=True))
    sent = [headers(1, with_length(length)), *[data(1, piece) for piece in pieces[:-1]]]
    sent.append(data(1, pieces[-1], end=True))
    if cut:
        for frame in sent[:-1]:
            peer.send(frame)
        sent = sent[-1:]
    assert peer.reset_after(*sent) == (1, ErrorCode.PROTOCOL_ERROR)
    assert not peer.application.requests or peer.application[1].events == ["lost"]
    assert peer.application.whole == []


def test_a_body_that_is_longer_than_announced_is_noticed_before_its_end() -> None:
    peer = Peer()
    peer.send(headers(1, with_length(3)), data(1, b"abc"))
    assert peer.reset_after(data(1, b"d")) == (1, ErrorCode.PROTOCOL_ERROR)
    assert peer.application[1].body == b"abc"


@pytest.mark.parametrize("pieces", [[b"abcdef"], [b"abc", b"def"], [b"abc", b"def", b""]])
def test_a_body_as_long_as_announced_is_served(pieces: list[bytes]) -> None:
    peer = Peer()
    body = [data(1, piece) for piece in pieces[:-1]] + [data(1, pieces[-1], end=True)]
    assert peer.send(headers(1, with_length(6)), *body) == []
    assert peer.application[1].body == b"abcdef"
    assert peer.application[1].events == ["ended"]


def test_padding_does_not_count_as_content() -> None:
    peer = Peer()
    padded = b"\x05abc" + bytes(5)
    frame = b"\0\0\x09\0\x09\0\0\0\x01" + padded
    assert peer.send(headers(1, with_length(3)), frame) == []
    assert peer.application[1].events == ["ended"]


def test_a_request_without_a_body_that_announces_one_is_not_served() -> None:
    peer = Peer()
    assert peer.reset_after(headers(1, with_length(1), end=True)) == (1, ErrorCode.PROTOCOL_ERROR)
    assert peer.application.requests == []


def test_a_request_without_a_body_may_announce_none() -> None:
    peer = Peer()
    assert peer.send(headers(1, with_length(0), end=True)) == []
    assert peer.application[1].events == ["ended"]


def test_trailers_end_a_request() -> None:
    peer = Peer()
    peer.send(headers(1), data(1, b"x"), headers(1, literal(b"checksum", b"1"), end=True))
    assert peer.application[1].body == b"x"
    assert peer.application[1].events == ["ended"]


@pytest.mark.parametrize("fields", [
    PSEUDO,
    [(b":status", b"200")],
    [(b"Upper", b"case")],
    [(b"x", b"a\nb")],
    [(b"connection", b"close")],
    [(b"te", b"gzip")],
])  # fmt: skip
def test_malformed_trailers_reset_their_stream(fields: Fields) -> None:
    peer = Peer()
    peer.send(headers(1), data(1, b"x"))
    assert peer.reset_after(headers(1, block(fields), end=True)) == (1, ErrorCode.PROTOCOL_ERROR)
    assert peer.application[1].events == ["lost"]


def test_trailers_that_do_not_end_the_stream_reset_it() -> None:
    peer = Peer()
    peer.open(1)
    trailers = headers(1, literal(b"checksum", b"1"))
    assert peer.reset_after(trailers) == (1, ErrorCode.PROTOCOL_ERROR)


def test_trailers_before_the_announced_length_has_come_reset_the_stream() -> None:
    peer = Peer()
    peer.send(headers(1, with_length(3)), data(1, b"ab"))
    trailers = headers(1, literal(b"checksum", b"1"), end=True)
    assert peer.reset_after(trailers) == (1, ErrorCode.PROTOCOL_ERROR)
