"""Frames of a wrong length (RFC 9113 sections 4.2 and 6)."""

import pytest

from bench.attacks import frames
from bench.attacks.frames import ACK, FrameType
from bench.attacks.header_blocks import literal
from pannier_server.transport.h2.http2.errors import ErrorCode
from tests.transport.http2.application import RecordingApplication
from tests.transport.http2.peer import BLOCK, Peer, call, data, headers

FRAME_SIZE_ERROR = ErrorCode.FRAME_SIZE_ERROR

WRONG = {
    "RST_STREAM of 3": frames.frame(FrameType.RST_STREAM, 1, bytes(3)),
    "RST_STREAM of 5": frames.frame(FrameType.RST_STREAM, 1, bytes(5)),
    "SETTINGS of 5": frames.frame(FrameType.SETTINGS, 0, bytes(5)),
    "SETTINGS of 7": frames.frame(FrameType.SETTINGS, 0, bytes(7)),
    "SETTINGS ACK of 6": frames.frame(FrameType.SETTINGS, 0, bytes(6), ACK),
    "PING of 7": frames.ping(bytes(7)),
    "PING of 9": frames.ping(bytes(9)),
    "PING ACK of 7": frames.ping(bytes(7), ACK),
    "GOAWAY of 7": frames.frame(FrameType.GOAWAY, 0, bytes(7)),
    "WINDOW_UPDATE of 3": frames.frame(FrameType.WINDOW_UPDATE, 0, bytes(3)),
    "WINDOW_UPDATE of 5": frames.frame(FrameType.WINDOW_UPDATE, 0, bytes(5)),
    "WINDOW_UPDATE of 3 on a stream": frames.frame(FrameType.WINDOW_UPDATE, 1, bytes(3)),
    "PRIORITY of 4 on an idle stream": frames.frame(FrameType.PRIORITY, 3, bytes(4)),
    "PRIORITY of 5 with HEADERS of 4": frames.headers(3, bytes(4), 0x24),
}


@pytest.mark.parametrize("frame", WRONG.values(), ids=WRONG)
def test_a_wrong_length_ends_the_connection(frame: bytes) -> None:
    peer = Peer()
    peer.open(1)
    assert peer.fault_after(frame) == FRAME_SIZE_ERROR


@pytest.mark.parametrize("length", [0, 4, 6])
def test_a_wrong_length_of_priority_ends_its_stream(length: int) -> None:
    peer = Peer()
    peer.open(1)
    assert peer.reset_after(frames.frame(FrameType.PRIORITY, 1, bytes(length))) == (
        1,
        FRAME_SIZE_ERROR,
    )
    assert peer.application[1].events == ["lost"]


@pytest.mark.parametrize("kind", range(12))
def test_a_frame_larger_than_allowed_ends_the_connection_before_it_has_come(kind: int) -> None:
    peer = Peer(max_frame_bytes=20_000)
    peer.open(1)
    whole = frames.frame(kind, 1, bytes(20_001))
    assert peer.fault_after(whole[:9]) == FRAME_SIZE_ERROR


@pytest.mark.parametrize("size", [20_000, 20_001])
@pytest.mark.parametrize("echoes", [True, False])
def test_a_request_that_came_whole_keeps_to_the_largest_frame_too(size: int, echoes: bool) -> None:
    peer = Peer(max_frame_bytes=20_000, application=RecordingApplication(echoes=echoes))
    peer.send(call(1, bytes(size)))
    assert peer.connection.closed == (size > 20_000)


def test_nor_may_its_header_block_be_larger() -> None:
    block = BLOCK + literal(b"x", bytes(20_000 - len(BLOCK) - 4))
    assert len(block) > 20_000
    peer = Peer(max_frame_bytes=20_000, application=RecordingApplication(echoes=True))
    assert peer.fault_after(call(1, b"x", block)) == FRAME_SIZE_ERROR


def test_the_largest_frame_is_taken() -> None:
    peer = Peer(max_frame_bytes=20_000)
    peer.send(headers(1), data(1, bytes(20_000)))
    assert len(peer.application[1].body) == 20_000


def test_empty_frames_of_any_length_are_fine() -> None:
    peer = Peer()
    peer.send(headers(1), data(1), data(1, end=True))
    assert peer.application[1].events == ["ended"]
    assert peer.application[1].pieces == []
