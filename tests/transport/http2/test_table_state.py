"""Each header block changes the table of its connection, whatever becomes of its request.

RFC 9113 section 4.3: a block that is not decoded puts both ends out of step.
"""

from collections.abc import Callable

import hpack
import pytest

from bench.attacks import frames
from bench.attacks.frames import END_HEADERS
from bench.attacks.header_blocks import FIRST_DYNAMIC, indexed, inserted, literal, request
from pannier_server.transport.h2.http2.errors import ErrorCode
from tests.transport.http2.application import REFUSED_PATH, RecordingApplication
from tests.transport.http2.peer import BLOCK, Peer, call, continuation, data, headers

PRIORITIZED = 0x20

INSERTED = inserted(b"x-note", b"from before")


def too_many_streams(peer: Peer) -> None:
    for number in range(5):
        peer.open(2 * number + 101)
    assert peer.reset_after(headers(201, BLOCK + INSERTED)) == (201, ErrorCode.REFUSED_STREAM)
    peer.send(*[frames.rst_stream(2 * number + 101) for number in range(5)])


def too_many_streams_for_a_whole_call(peer: Peer) -> None:
    for number in range(5):
        peer.open(2 * number + 101)
    refused = call(201, b"x", BLOCK + INSERTED)
    assert peer.reset_after(refused) == (201, ErrorCode.REFUSED_STREAM)
    peer.send(*[frames.rst_stream(2 * number + 101) for number in range(5)])


def malformed(peer: Peer) -> None:
    wrong = headers(1, literal(b"Upper", b"case") + INSERTED)
    assert peer.reset_after(wrong) == (1, ErrorCode.PROTOCOL_ERROR)


def malformed_whole_call(peer: Peer) -> None:
    wrong = call(1, b"x", literal(b"Upper", b"case") + INSERTED)
    assert peer.reset_after(wrong) == (1, ErrorCode.PROTOCOL_ERROR)


def a_list_too_large(peer: Peer) -> None:
    peer.send(headers(1, BLOCK + literal(b"x", b"v" * 9_000) + INSERTED, end=True))
    assert peer.application[1].head.refusal is not None


def refused_by_the_application(peer: Peer) -> None:
    assert peer.send(headers(1, request(REFUSED_PATH.encode(), b"host", INSERTED)))


def depends_on_itself(peer: Peer) -> None:
    frame = frames.headers(1, b"\0\0\0\x01\0" + BLOCK + INSERTED, END_HEADERS | PRIORITIZED)
    assert peer.reset_after(frame) == (1, ErrorCode.PROTOCOL_ERROR)


def trailers(peer: Peer) -> None:
    peer.send(headers(1), headers(1, INSERTED, end=True))
    assert peer.application[1].events == ["ended"]


def malformed_trailers(peer: Peer) -> None:
    peer.open(1)
    wrong = headers(1, literal(b":status", b"200") + INSERTED, end=True)
    assert peer.reset_after(wrong) == (1, ErrorCode.PROTOCOL_ERROR)


def trailers_of_a_half_closed_stream(peer: Peer) -> None:
    peer.open(1, end=True)
    late = headers(1, INSERTED, end=True)
    assert peer.reset_after(late) == (1, ErrorCode.STREAM_CLOSED)


def trailers_of_a_stream_that_was_reset(peer: Peer) -> None:
    peer.send(headers(1, request(REFUSED_PATH.encode(), b"host")))
    assert peer.send(headers(1, INSERTED, end=True)) == []


def served(peer: Peer) -> None:
    peer.open(1, block=BLOCK + INSERTED)


def cut_into_frames(peer: Peer) -> None:
    block = BLOCK + INSERTED
    peer.send(frames.headers(1, block[:-7], 0), continuation(1, block[-7:]))


@pytest.mark.parametrize(
    "change",
    [
        too_many_streams,
        too_many_streams_for_a_whole_call,
        malformed,
        malformed_whole_call,
        a_list_too_large,
        refused_by_the_application,
        depends_on_itself,
        trailers,
        malformed_trailers,
        trailers_of_a_half_closed_stream,
        trailers_of_a_stream_that_was_reset,
        served,
        cut_into_frames,
    ],
)
def test_every_block_is_decoded(change: Callable[[Peer], None]) -> None:
    peer = Peer(max_concurrent_streams=5, max_header_list_bytes=8_000)
    change(peer)
    peer.received()
    assert peer.send(headers(301, BLOCK + indexed(FIRST_DYNAMIC), end=True)) == []
    assert (b"x-note", b"from before") in peer.application[301].head.fields


def test_blocks_of_streams_that_a_drain_ignores_are_decoded() -> None:
    peer = Peer()
    peer.open(1)
    peer.connection.drain()
    peer.received()
    assert peer.send(call(3, b"x", BLOCK + INSERTED)) == []
    assert peer.send(headers(5, BLOCK + INSERTED, end=True)) == []
    # A table of two entries: the older one can still be named, one that never was cannot.
    assert peer.send(headers(1, indexed(FIRST_DYNAMIC + 1), end=True)) == []
    assert peer.application[1].events == ["ended"]
    unknown = headers(7, indexed(FIRST_DYNAMIC + 2))
    assert peer.fault_after(unknown) == ErrorCode.COMPRESSION_ERROR


def test_an_encoder_with_a_table_is_followed_over_many_requests() -> None:
    peer = Peer(application=RecordingApplication(echoes=True))
    encoder = hpack.Encoder()
    for number in range(100):
        fields = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", f"/a.B/{number % 7}"),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
            (f"x-{number % 11}", str(number % 5)),
        ]
        block = encoder.encode(fields)
        stream = 2 * number + 1
        if number % 3:
            peer.send(headers(stream, block), data(stream, b"x", end=True))
        else:
            peer.send(headers(stream, block))
            peer.send(data(stream, b"x", end=True))
            assert peer.application[stream].head.path == f"/a.B/{number % 7}"
    assert len(peer.application.whole) + len(peer.application.requests) == 100
