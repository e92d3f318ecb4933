"""Which streams there are, and what they are told of their ends (RFC 9113 section 5.1)."""

from bench.attacks import frames
from bench.attacks.header_blocks import request
from pannier_server.transport.h2.http2.errors import ErrorCode
from tests.transport.http2.application import REFUSED_PATH, RecordingApplication
from tests.transport.http2.peer import Peer, call, data, goaway, headers


def test_the_reserved_bit_of_a_streams_identifier_is_ignored() -> None:
    peer = Peer(application=RecordingApplication(echoes=True))
    usual, marked = call(1), call(0x8000_0001)
    assert peer.send(marked) == Peer(application=RecordingApplication(echoes=True)).send(usual)


def test_the_largest_identifier_is_that_of_a_stream_too() -> None:
    peer = Peer(application=RecordingApplication(echoes=True))
    largest = 2**31 - 1
    assert {frame.stream for frame in peer.send(call(largest))} == {largest}


def test_frames_on_their_way_to_a_stream_that_was_reset_are_ignored_for_512_streams() -> None:
    peer = Peer()
    refused = request(REFUSED_PATH.encode(), b"host")
    for number in range(513):
        peer.send(headers(2 * number + 1, refused))
    assert peer.send(data(3, b"late")) == []
    assert peer.reset_after(data(1, b"much too late")) == (1, ErrorCode.STREAM_CLOSED)


def test_a_stream_that_was_lost_hears_nothing_more() -> None:
    peer = Peer()
    peer.send(headers(1), frames.rst_stream(1), frames.rst_stream(1), data(1, b"late"))
    assert peer.application[1].events == ["lost"]
    assert peer.application[1].body == b""


def test_every_stream_is_told_once_that_the_connection_is_gone() -> None:
    peer = Peer()
    peer.send(headers(1), headers(3, end=True))
    peer.connection.abandon()
    peer.connection.abandon()
    assert peer.application[1].events == ["lost"]
    assert peer.application[3].events == ["ended", "lost"]
    assert peer.connection.is_idle


def test_nothing_is_read_once_the_connection_is_over() -> None:
    peer = Peer()
    assert peer.fault_after(frames.ping(bytes(7))) == ErrorCode.FRAME_SIZE_ERROR
    assert peer.send(frames.ping(bytes(8)), headers(1)) == []
    assert peer.application.requests == []


def test_the_goaway_of_an_error_names_the_last_stream_that_was_taken() -> None:
    peer = Peer()
    peer.send(headers(1), headers(7))
    (frame,) = peer.send(data(9, b"x"))
    assert goaway(frame) == (7, ErrorCode.PROTOCOL_ERROR)
    assert frame.payload[8:] == b"DATA on an idle stream"
