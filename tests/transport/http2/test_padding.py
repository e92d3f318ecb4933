"""Padding and priorities, which bring nothing but must be understood (RFC 9113 section 6)."""

import pytest

from bench.attacks import frames
from bench.attacks.frames import END_HEADERS, END_STREAM, PADDED, FrameType
from pannier_server.transport.h2.http2.errors import ErrorCode
from tests.transport.http2.peer import BLOCK, Peer, data, headers, increments, padded

PRIORITIZED = 0x20
DEPENDENCY = b"\x80\x00\x00\x07\xff"
"""An exclusive dependency on stream 7, and a weight."""


@pytest.mark.parametrize("padding", [0, 1, 255])
def test_padding_is_no_part_of_a_body(padding: int) -> None:
    peer = Peer()
    peer.send(headers(1), padded(FrameType.DATA, 1, b"body", padding, END_STREAM))
    assert peer.application[1].body == b"body"


@pytest.mark.parametrize("padding", [0, 1, 255])
@pytest.mark.parametrize("priority", [b"", DEPENDENCY])
def test_padding_and_priority_are_no_part_of_a_header_block(padding: int, priority: bytes) -> None:
    flags = END_HEADERS | END_STREAM | (PRIORITIZED if priority else 0)
    peer = Peer()
    peer.send(padded(FrameType.HEADERS, 1, priority + BLOCK, padding, flags))
    assert peer.application[1].head.path == "/a.B/C"
    assert peer.application[1].events == ["ended"]


@pytest.mark.parametrize("kind", [FrameType.DATA, FrameType.HEADERS])
@pytest.mark.parametrize("payload", [b"", b"\x01", b"\x06xxxxx", b"\xffxxxxx"])
def test_more_padding_than_there_is_room_for_ends_the_connection(kind: int, payload: bytes) -> None:
    peer = Peer()
    peer.open(1)
    stream = 1 if kind == FrameType.DATA else 3
    frame = frames.frame(kind, stream, payload, PADDED | END_HEADERS)
    assert peer.fault_after(frame) == ErrorCode.PROTOCOL_ERROR


def test_padding_that_leaves_no_room_for_the_priority_ends_the_connection() -> None:
    frame = padded(FrameType.HEADERS, 1, DEPENDENCY[:4], 3, END_HEADERS | PRIORITIZED)
    assert Peer().fault_after(frame) == ErrorCode.FRAME_SIZE_ERROR


def test_padding_comes_back_to_the_window_of_its_stream_even_if_nobody_reads() -> None:
    peer = Peer(stream_window=65_535)
    peer.application.reads = False
    peer.open(1)
    received = peer.send(*[padded(FrameType.DATA, 1, b"x", 255)] * 200)
    assert 200 * 256 - 65_535 // 2 < increments(received, 1) <= 200 * 256


def test_padding_of_the_last_frame_does_not_come_back() -> None:
    peer = Peer(stream_window=200)
    peer.open(1)
    assert increments(peer.send(padded(FrameType.DATA, 1, b"x", 100, END_STREAM)), 1) == 0


@pytest.mark.parametrize("frame", [
    frames.priority(1, parent=1),
    frames.frame(FrameType.PRIORITY, 1, b"\x80\x00\x00\x01\x00"),
])  # fmt: skip
def test_a_stream_that_depends_on_itself_is_reset(frame: bytes) -> None:
    peer = Peer()
    peer.open(1)
    assert peer.reset_after(frame) == (1, ErrorCode.PROTOCOL_ERROR)


def test_a_request_that_depends_on_itself_is_reset_and_not_served() -> None:
    peer = Peer()
    frame = frames.headers(7, DEPENDENCY + BLOCK, END_HEADERS | PRIORITIZED)
    assert peer.reset_after(frame) == (7, ErrorCode.PROTOCOL_ERROR)
    assert peer.application.requests == []


def test_an_idle_stream_that_depends_on_itself_ends_the_connection() -> None:
    # It cannot be reset (section 6.4).
    assert Peer().fault_after(frames.priority(1, parent=1)) == ErrorCode.PROTOCOL_ERROR


def test_priorities_of_any_streams_are_ignored() -> None:
    peer = Peer()
    assert peer.send(*[frames.priority(stream, parent=0) for stream in range(1, 20)]) == []
    assert peer.connection.last_stream_id == 0
    peer.send(headers(1), data(1, b"x", end=True))
    assert peer.application[1].body == b"x"
