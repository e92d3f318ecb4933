"""Header blocks in pieces, too large, and of requests that nobody serves (RFC 9113 section 4.3)."""

import pytest

from bench.attacks import frames
from bench.attacks.frames import END_HEADERS, END_STREAM, FrameType
from bench.attacks.header_blocks import literal, request
from pannier_server.transport.h2.http2.errors import ErrorCode
from tests.transport.http2.application import RecordingApplication
from tests.transport.http2.peer import BLOCK, Peer, call, continuation, data, headers

PRIORITIZED = 0x20
RESOURCE_EXHAUSTED = 8


@pytest.mark.parametrize("cut", range(len(BLOCK) + 1))
def test_a_block_may_be_cut_anywhere(cut: int) -> None:
    peer = Peer()
    start, rest = frames.headers(1, BLOCK[:cut], END_STREAM), continuation(1, BLOCK[cut:])
    assert peer.send(start) == []
    assert peer.application.requests == []
    assert peer.send(rest) == []
    assert peer.application[1].head.path == "/a.B/C"
    assert peer.application[1].events == ["ended"]


def test_a_block_may_come_a_byte_at_a_time() -> None:
    peer = Peer()
    parts = [continuation(1, bytes((byte,)), 0) for byte in BLOCK]
    peer.send(frames.headers(1, b"", 0), *parts, continuation(1, b""), data(1, b"x", end=True))
    assert peer.application[1].head.path == "/a.B/C"
    assert peer.application[1].body == b"x"


def test_the_end_of_a_stream_is_said_by_the_first_frame_only() -> None:
    peer = Peer()
    peer.send(frames.headers(1, b"", 0), continuation(1, BLOCK, END_HEADERS | END_STREAM))
    assert peer.application[1].events == []


@pytest.mark.parametrize(
    "frame",
    [
        data(1),
        data(3, b"x"),
        headers(1),
        headers(5),
        frames.priority(1),
        frames.rst_stream(1),
        frames.settings(),
        frames.frame(FrameType.PUSH_PROMISE, 1, bytes(4)),
        frames.ping(),
        frames.goaway(),
        frames.window_update(0, 1),
        frames.frame(0xFA),
        continuation(1, b""),
        continuation(0, b""),
    ],
)
def test_nothing_may_come_between_the_frames_of_a_block(frame: bytes) -> None:
    peer = Peer()
    peer.open(1)
    start = frames.headers(3, BLOCK, END_STREAM)
    assert peer.fault_after(start, frame) == ErrorCode.PROTOCOL_ERROR


def test_a_whole_call_may_not_come_between_the_frames_of_a_block() -> None:
    peer = Peer(application=RecordingApplication(echoes=True))
    start = frames.headers(1, BLOCK, END_STREAM)
    assert peer.fault_after(start, call(3, b"x")) == ErrorCode.PROTOCOL_ERROR
    assert peer.application.whole == []


@pytest.mark.parametrize(
    "before", [b"", headers(1), headers(1, end=True), headers(1) + data(1)], ids=repr
)
def test_a_continuation_must_have_something_to_continue(before: bytes) -> None:
    assert Peer().fault_after(before, continuation(1, b"")) == ErrorCode.PROTOCOL_ERROR


@pytest.mark.parametrize("stream", [1, 3])
def test_a_block_that_is_no_hpack_ends_the_connection(stream: int) -> None:
    peer = Peer()
    peer.open(1)
    assert peer.fault_after(headers(stream, b"\x80", end=True)) == ErrorCode.COMPRESSION_ERROR


def test_a_whole_call_whose_block_is_no_hpack_was_not_taken() -> None:
    for pieces in ([call(1, b"x", b"\x80")], [headers(1, b"\x80"), data(1, b"x", end=True)]):
        peer = Peer(application=RecordingApplication(echoes=True))
        for piece in pieces:
            peer.send(piece)
        assert peer.connection.fault is not None
        assert peer.connection.fault.code == ErrorCode.COMPRESSION_ERROR
        assert peer.connection.last_stream_id == 0


# -- too large


def fields_of(size: int) -> bytes:
    """Return literals that add so many bytes to a header list, 1,000 at a time."""
    return literal(b"x", b"v" * 967) * (size // 1000)


@pytest.mark.parametrize("cut", [False, True])
def test_a_list_that_is_too_large_ends_its_call_alone(cut: bool) -> None:
    block = request(b"/a.B/C", b"host", fields_of(9_000))
    frame = headers(1, block, end=True)
    if cut:
        frame = frames.headers(1, block[:1_000], END_STREAM) + continuation(1, block[1_000:])
    peer = Peer(max_header_list_bytes=8_000)
    peer.send(frame)
    refusal = peer.application[1].head.refusal
    assert refusal is not None
    assert (refusal.http_status, refusal.code) == (200, RESOURCE_EXHAUSTED)
    assert "8000 bytes" in refusal.message
    assert peer.meters.header_lists_too_large == 1
    peer.assert_serves(3)


def test_a_block_that_is_too_large_is_not_collected() -> None:
    peer = Peer(max_header_list_bytes=8_000)
    peer.send(frames.headers(1, bytes(16_000), 0), continuation(1, bytes(384), 0))
    assert peer.fault_after(continuation(1, b"x", 0)) == ErrorCode.ENHANCE_YOUR_CALM


def test_a_block_of_one_frame_is_read_whatever_the_limit_and_however_it_comes() -> None:
    block = request(b"/a.B/C", b"host", fields_of(9_000))
    assert len(block) > 4 * 1_000
    pieces = [headers(1, block), data(1, b"x", end=True)]
    for sent in ([b"".join(pieces)], pieces):
        peer = Peer(max_header_list_bytes=1_000)
        for piece in sent:
            peer.send(piece)
        assert peer.application[1].head.refusal is not None
        peer.assert_serves(3)


def test_trailers_that_are_too_large_end_their_call_alone() -> None:
    peer = Peer(max_header_list_bytes=8_000)
    peer.open(1)
    trailers = headers(1, fields_of(9_000), end=True)
    assert peer.reset_after(trailers) == (1, ErrorCode.PROTOCOL_ERROR)
    peer.assert_serves(3)


def test_empty_continuations_are_a_flood() -> None:
    peer = Peer(abuse_allowance=100)
    flood = continuation(1, b"", 0) * 200
    assert peer.fault_after(frames.headers(1, b"", 0), flood) == ErrorCode.ENHANCE_YOUR_CALM
    assert peer.meters.floods == 1
