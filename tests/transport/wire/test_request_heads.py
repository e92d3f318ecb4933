"""What the head of a request says, to gRPC's "gRPC over HTTP2" and to HTTP."""

import pytest

from pannier_server.transport.h2.hpack import encode_fields
from pannier_server.transport.h2.http2.errors import ConnectionFault, ErrorCode
from pannier_server.transport.h2.limits import Limits
from pannier_server.transport.h2.meters import Meters
from pannier_server.transport.h2.wire.heads import RequestHead, RequestHeadDecoder

UNIMPLEMENTED = 12
INTERNAL = 13
RESOURCE_EXHAUSTED = 8

Field = tuple[bytes, bytes]

CALL: tuple[Field, ...] = (
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":path", b"/pkg.Service/Method"),
    (b"content-type", b"application/grpc"),
    (b"te", b"trailers"),
)


def decoded(*fields: Field, limit: int = 16_384) -> tuple[RequestHead, float | None]:
    decoder = RequestHeadDecoder(Limits(max_header_list_bytes=limit), Meters())
    return decoder.decode(encode_fields(fields))


def changed(**values: bytes) -> tuple[Field, ...]:
    """Return the fields of a call with other values; an underscore stands for ``:`` or ``-``."""
    names = {"method": b":method", "path": b":path", "content_type": b"content-type"}
    other = {names[name]: value for name, value in values.items()}
    return tuple((name, other.get(name, value)) for name, value in CALL)


def test_a_call_is_known_by_its_path() -> None:
    head, timeout = decoded(*CALL)
    assert head.path == "/pkg.Service/Method"
    assert (head.malformed, head.refusal, head.content_length, timeout) == (None, None, None, None)
    assert not head.gzipped
    assert not head.accepts_gzip
    assert head.fields == CALL


def test_the_timeout_is_not_one_of_the_fields() -> None:
    head, timeout = decoded(*CALL, (b"grpc-timeout", b"150m"), (b"x", b"y"))
    assert timeout == 0.15
    assert head.fields == (*CALL, (b"x", b"y"))


def test_paths_may_hold_any_bytes() -> None:
    head, _ = decoded(*changed(path=b"/a/\xff\xe4"))
    assert head.path == "/a/\xff\xe4"


def test_a_content_length_is_known() -> None:
    head, _ = decoded(*CALL, (b"content-length", b"007"))
    assert head.content_length == 7


# -- what is no gRPC request


@pytest.mark.parametrize("method", [b"GET", b"PUT", b"OPTIONS", b"post", b"CONNECT"])
def test_other_methods_are_not_allowed(method: bytes) -> None:
    head, _ = decoded(*changed(method=method))
    assert head.refusal is not None
    assert head.refusal.http_status == 405
    assert "POST" in head.refusal.message


def test_an_answer_to_head_has_no_content() -> None:
    head, _ = decoded(*changed(method=b"HEAD"))
    assert head.refusal is not None
    assert (head.refusal.http_status, head.refusal.message) == (405, "")


@pytest.mark.parametrize(
    "kind", [b"", b"text/plain", b"application/json", b"application/grpc-web", b"application/grpcx"]
)
def test_other_content_types_are_not_supported(kind: bytes) -> None:
    head, _ = decoded(*changed(content_type=kind))
    assert head.refusal is not None
    assert head.refusal.http_status == 415
    assert "application/grpc" in head.refusal.message


def test_a_request_without_a_content_type_is_not_supported() -> None:
    head, _ = decoded(*CALL[:3])
    assert head.refusal is not None
    assert head.refusal.http_status == 415


@pytest.mark.parametrize(
    "kind",
    [
        b"application/grpc",
        b"application/grpc+proto",
        b"application/grpc+json",
        b"application/grpc;charset=utf-8",
    ],
)
def test_content_types_of_grpc_are_served(kind: bytes) -> None:
    head, _ = decoded(*changed(content_type=kind))
    assert head.refusal is None


# -- encodings


def test_gzip_and_identity_are_understood() -> None:
    for encoding, gzipped in ((b"gzip", True), (b"identity", False)):
        head, _ = decoded(*CALL, (b"grpc-encoding", encoding))
        assert head.refusal is None
        assert head.gzipped == gzipped


def test_other_encodings_are_refused_with_those_that_are_understood() -> None:
    head, _ = decoded(*CALL, (b"grpc-encoding", b"snappy"))
    assert head.refusal is not None
    assert (head.refusal.http_status, head.refusal.code) == (200, UNIMPLEMENTED)
    assert head.refusal.metadata == ((b"grpc-accept-encoding", b"identity,gzip"),)


@pytest.mark.parametrize(
    ("accepted", "gzip"),
    [
        (b"gzip", True),
        (b"identity,deflate,gzip", True),
        (b"identity, gzip", True),
        (b"gzip ,identity", True),
        (b"", False),
        (b"identity", False),
        (b"x-gzip", False),
        (b"gzip2,deflate", False),
    ],
)
def test_answers_may_be_compressed_for_those_who_say_so(accepted: bytes, gzip: bool) -> None:
    head, _ = decoded(*CALL, (b"grpc-accept-encoding", accepted))
    assert head.accepts_gzip == gzip


# -- timeouts


@pytest.mark.parametrize("value", [b"", b"S", b"1", b"1s", b"123456789S", b"-1S", b"1.5S", b" 1S"])
def test_a_timeout_that_is_none_is_refused(value: bytes) -> None:
    head, timeout = decoded(*CALL, (b"grpc-timeout", value))
    assert timeout is None
    assert head.refusal is not None
    assert (head.refusal.http_status, head.refusal.code) == (200, INTERNAL)
    assert "grpc-timeout" in head.refusal.message


def test_two_timeouts_are_refused() -> None:
    head, timeout = decoded(*CALL, (b"grpc-timeout", b"1S"), (b"grpc-timeout", b"1S"))
    assert timeout is None
    assert head.refusal is not None
    assert head.refusal.code == INTERNAL


def test_what_is_no_call_is_told_so_whatever_its_timeout() -> None:
    head, _ = decoded(*changed(method=b"GET"), (b"grpc-timeout", b"soon"))
    assert head.refusal is not None
    assert head.refusal.http_status == 405


# -- limits, and what is malformed


def test_a_list_that_is_too_large_is_refused() -> None:
    head, _ = decoded(*CALL, limit=100)
    assert head.malformed is None
    assert head.refusal is not None
    assert (head.refusal.http_status, head.refusal.code) == (200, RESOURCE_EXHAUSTED)
    assert "100 bytes" in head.refusal.message


def test_a_list_as_large_as_allowed_is_taken() -> None:
    size = sum(len(name) + len(value) + 32 for name, value in CALL)
    assert decoded(*CALL, limit=size)[0].refusal is None
    assert decoded(*CALL, limit=size - 1)[0].refusal is not None


def test_a_malformed_head_says_what_is_wrong() -> None:
    assert decoded(*CALL[1:])[0].malformed == "a missing or empty pseudo-header field"
    assert decoded(*CALL, (b"content-length", b"x"))[0].malformed is not None


def test_what_is_no_header_block_ends_the_connection() -> None:
    decoder = RequestHeadDecoder(Limits(), Meters())
    for decode in (decoder.decode, decoder.decode_trailers):
        with pytest.raises(ConnectionFault) as caught:
            decode(b"\x80")
        assert caught.value.code == ErrorCode.COMPRESSION_ERROR


def test_trailers_are_checked() -> None:
    meters = Meters()
    decoder = RequestHeadDecoder(Limits(max_header_list_bytes=100), meters)
    assert decoder.decode_trailers(encode_fields([(b"x", b"y")]))
    assert not decoder.decode_trailers(encode_fields([(b":path", b"/")]))
    assert not decoder.decode_trailers(encode_fields([(b"x", b"y" * 100)]))
    assert meters.header_lists_too_large == 1
