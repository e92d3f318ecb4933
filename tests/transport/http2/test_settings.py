"""What the peer's SETTINGS change (RFC 9113 sections 6.5 and 6.9.2)."""

import hpack
import pytest

from bench.attacks import frames
from bench.attacks.frames import ACK, END_HEADERS, END_STREAM, Frame, FrameType, Setting
from pannier_server.transport.h2.http2.errors import ErrorCode
from pannier_server.transport.h2.wire.answers import HEAD_BLOCK, OK_BLOCK
from tests.transport.http2.application import RecordingApplication
from tests.transport.http2.peer import (
    LARGEST_WINDOW,
    NO_TABLE_PLEASE,
    Peer,
    call,
    data,
    headers,
    initial_window,
    read,
)

ACKNOWLEDGED = read(frames.frame(FrameType.SETTINGS, flags=ACK))


def upload(stream: int, length: int) -> bytes:
    """Return a request of any length."""
    pieces = [data(stream, bytes(min(16_000, length - at))) for at in range(0, length, 16_000)]
    return b"".join((headers(stream), *pieces, data(stream, end=True)))


def both(first: dict[int, int], second: dict[int, int]) -> bytes:
    """Return a SETTINGS frame with the same settings twice."""
    payload = frames.settings(first)[9:] + frames.settings(second)[9:]
    return frames.frame(FrameType.SETTINGS, 0, payload)


def body_of(received: list[Frame]) -> bytes:
    return b"".join(frame.payload for frame in received if frame.kind == FrameType.DATA)


@pytest.mark.parametrize("settings", [
    {},
    {Setting.ENABLE_PUSH: 0},
    {Setting.ENABLE_PUSH: 1},
    {Setting.MAX_CONCURRENT_STREAMS: 0},
    {Setting.INITIAL_WINDOW_SIZE: 0},
    {Setting.INITIAL_WINDOW_SIZE: LARGEST_WINDOW},
    {Setting.MAX_FRAME_SIZE: 16_384},
    {Setting.MAX_FRAME_SIZE: 2**24 - 1},
    {Setting.MAX_HEADER_LIST_SIZE: 0},
    {Setting.HEADER_TABLE_SIZE: 2**32 - 1},
    {0: 1, 0x10: 2, 0xFFFF: 2**32 - 1},
], ids=str)  # fmt: skip
def test_settings_are_acknowledged(settings: dict[int, int]) -> None:
    peer = Peer()
    assert peer.send(frames.settings(settings)) == ACKNOWLEDGED
    peer.assert_serves(1)


@pytest.mark.parametrize(("settings", "code"), [
    ({Setting.ENABLE_PUSH: 2}, ErrorCode.PROTOCOL_ERROR),
    ({Setting.INITIAL_WINDOW_SIZE: 2**31}, ErrorCode.FLOW_CONTROL_ERROR),
    ({Setting.INITIAL_WINDOW_SIZE: 2**32 - 1}, ErrorCode.FLOW_CONTROL_ERROR),
    ({Setting.MAX_FRAME_SIZE: 16_383}, ErrorCode.PROTOCOL_ERROR),
    ({Setting.MAX_FRAME_SIZE: 2**24}, ErrorCode.PROTOCOL_ERROR),
    ({Setting.MAX_FRAME_SIZE: 0}, ErrorCode.PROTOCOL_ERROR),
], ids=str)  # fmt: skip
def test_values_that_are_not_allowed_end_the_connection(
    settings: dict[int, int], code: ErrorCode
) -> None:
    assert Peer().fault_after(frames.settings(settings)) == code


def test_the_last_of_several_values_holds() -> None:
    application = RecordingApplication(echoes=True)
    peer = Peer(application=application)
    peer.send(both(initial_window(0), initial_window(7)))
    assert len(body_of(peer.send(call(1, bytes(100))))) == 7


def test_acknowledgements_are_taken_and_not_answered() -> None:
    assert Peer().send(frames.frame(FrameType.SETTINGS, flags=ACK)) == []


# -- windows


def test_a_larger_initial_window_lets_open_streams_send() -> None:
    peer = Peer(settings=initial_window(10), application=RecordingApplication(echoes=True))
    assert len(body_of(peer.send(call(1, bytes(95))))) == 10
    received = peer.send(frames.settings(initial_window(30)))
    assert [frame.kind for frame in received] == [FrameType.SETTINGS, FrameType.DATA]
    assert len(body_of(received)) == 20


def test_a_smaller_initial_window_makes_windows_negative() -> None:
    peer = Peer(settings=initial_window(50), application=RecordingApplication(echoes=True))
    assert len(body_of(peer.send(call(1, bytes(195))))) == 50
    assert peer.send(frames.settings(initial_window(20))) == ACKNOWLEDGED
    assert peer.connection.streams[1].send_window == -30
    assert peer.send(frames.window_update(1, 30)) == []
    assert len(body_of(peer.send(frames.window_update(1, 1)))) == 1


def test_a_stream_that_lost_its_window_while_it_waited_sends_nothing_not_even_an_empty_frame() -> (
    None
):
    peer = Peer(application=RecordingApplication(echoes=True))
    # The connection's window is used up, so that the second stream waits with a window of its own.
    peer.send(upload(1, 65_530), call(3, bytes(100)))
    peer.send(frames.settings(initial_window(0)))
    assert peer.send(frames.window_update(0, 1_000)) == []
    assert len(body_of(peer.send(frames.window_update(3, 1_000)))) == 105


def test_an_initial_window_that_makes_a_streams_too_large_ends_the_connection() -> None:
    peer = Peer()
    peer.send(headers(1), frames.window_update(1, LARGEST_WINDOW - 65_535))
    assert peer.fault_after(frames.settings(initial_window(65_536))) == ErrorCode.FLOW_CONTROL_ERROR


def test_an_initial_window_changes_neither_the_connections_nor_our_own() -> None:
    peer = Peer(stream_window=100)
    peer.application.reads = False
    peer.send(headers(1), frames.settings(initial_window(0)))
    assert peer.outbox.window == 65_535
    assert peer.send(data(1, bytes(100))) == []
    assert peer.reset_after(data(1, b"x")) == (1, ErrorCode.FLOW_CONTROL_ERROR)


def test_a_new_initial_window_is_that_of_calls_that_are_answered_at_once() -> None:
    peer = Peer(application=RecordingApplication(echoes=True))
    peer.send(frames.settings(initial_window(20)))
    assert len(body_of(peer.send(call(1, bytes(15))))) == 20
    assert 1 not in peer.connection.streams
    assert len(body_of(peer.send(call(3, bytes(16))))) == 20
    assert 3 in peer.connection.streams


# -- frames


@pytest.mark.parametrize("size", [16_384, 20_000])
def test_frames_are_as_large_as_the_peer_takes_them(size: int) -> None:
    peer = Peer(
        settings={Setting.MAX_FRAME_SIZE: size}, application=RecordingApplication(echoes=True)
    )
    received = peer.send(upload(1, 45_000))
    lengths = [len(frame.payload) for frame in received if frame.kind == FrameType.DATA]
    assert lengths == [size, size, 45_005 - 2 * size]


@pytest.mark.parametrize("length", [1, 16_384, 16_385, 32_768, 32_769, 40_000])
@pytest.mark.parametrize("is_whole_answer", [False, True])
def test_header_blocks_of_any_length_are_sent_in_frames_that_the_peer_takes(
    length: int, is_whole_answer: bool
) -> None:
    peer = Peer()
    peer.open(1, end=True)
    stream = peer.connection.streams[1]
    block = bytes(range(256)) * 200
    if is_whole_answer:
        peer.connection.answer_with_head(1, stream, block[:length])
    else:
        peer.outbox.headers(stream, block[:length])
    first, *rest = peer.received()
    assert first.kind == FrameType.HEADERS
    assert first.flags & END_STREAM == (END_STREAM if is_whole_answer else 0)
    assert {frame.kind for frame in rest} <= {FrameType.CONTINUATION}
    parts = [first, *rest]
    assert [bool(frame.flags & END_HEADERS) for frame in parts] == [False] * len(rest) + [True]
    assert all(0 < len(frame.payload) <= 16_384 for frame in parts)
    assert {frame.stream for frame in parts} == {1}
    assert b"".join(frame.payload for frame in parts) == block[:length]


# -- the table of header compression


@pytest.mark.parametrize("size", [0, 1, 4_095])
@pytest.mark.parametrize("length", [10, 50_000], ids=["in one piece", "in several frames"])
def test_a_peer_that_wants_a_smaller_table_is_told_that_none_is_used(
    size: int, length: int
) -> None:
    peer = Peer(application=RecordingApplication(echoes=True))
    peer.send(frames.settings({Setting.HEADER_TABLE_SIZE: size}))
    decoder = hpack.Decoder()
    decoder.max_allowed_table_size = size
    blocks = [
        frame.payload
        for stream in (1, 3)
        for frame in peer.send(upload(stream, length), frames.window_update(0, 50_000))
        if frame.kind == FrameType.HEADERS
    ]
    for block in blocks:
        # The library fails where the first block does not begin with a size that is allowed.
        decoder.decode(block)
        assert decoder.header_table_size == 0
    assert blocks == [b"\x20" + HEAD_BLOCK, OK_BLOCK, HEAD_BLOCK, OK_BLOCK]


def test_a_table_that_shrinks_and_grows_again_is_told_of_once() -> None:
    peer = Peer(application=RecordingApplication(echoes=True))
    table = Setting.HEADER_TABLE_SIZE
    for shrunk in (0, 100):
        peer.send(both({table: shrunk}, {table: 4_096}))
    first = peer.send(call(1, b"x"))[0].payload
    second = peer.send(call(3, b"x"))[0].payload
    assert first == b"\x20" + second


@pytest.mark.parametrize("size", [4_096, 10_000])
def test_a_table_that_is_as_large_as_ever_needs_no_word(size: int) -> None:
    peer = Peer(application=RecordingApplication(echoes=True))
    usual = peer.send(call(1, b"x"))[0].payload
    peer.send(frames.settings({Setting.HEADER_TABLE_SIZE: size}))
    assert peer.send(call(3, b"x"))[0].payload == usual


def test_a_peer_that_makes_many_calls_is_asked_once_for_blocks_without_a_table() -> None:
    peer = Peer()
    for number in range(20):
        peer.connection.receive(headers(2 * number + 1, end=True))
    assert read(peer.written()) == [NO_TABLE_PLEASE]
