"""What the peer may send, and gets back (RFC 9113 section 6.9)."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.attacks import frames
from bench.attacks.frames import END_STREAM, FrameType
from bench.attacks.header_blocks import request
from pannier_server.transport.h2.http2.errors import ErrorCode
from tests.transport.http2.application import REFUSED_PATH, RecordingApplication
from tests.transport.http2.peer import (
    BLOCK,
    Peer,
    call,
    data,
    headers,
    increments,
    padded,
)

WINDOW = 65_535
REFUSED = request(REFUSED_PATH.encode(), b"host")
STREAMS = st.sampled_from([1, 3, 5, 7, 9])
SIZES = st.sampled_from([0, 1, 100, 5_000, 16_000])


@dataclass
class Sender:
    """A peer that keeps account of the connection's window as the RFC has it."""

    peer: Peer
    window: int = WINDOW
    newest: int = 0
    sent: int = 0
    returned: int = 0
    resets: set[int] = field(default_factory=set)

    def send(self, frame: bytes, counted: int) -> None:
        self.window -= counted
        assert self.window >= 0, "the peer ran out of its window"
        self.sent += counted
        received = self.peer.send(frame)
        assert not self.peer.connection.closed, self.peer.connection.fault
        returned = increments(received)
        self.window += returned
        self.returned += returned
        assert self.window <= WINDOW, "more came back than was sent"


def data_frame(stream: int, size: int, padding: int | None, *, end: bool) -> tuple[bytes, int]:
    """Return a DATA frame, and how much of the windows it takes."""
    flags = END_STREAM if end else 0
    if padding is None:
        return data(stream, bytes(size), end=end), size
    return padded(FrameType.DATA, stream, bytes(size), padding, flags), size + padding + 1


ACTIONS = st.one_of(
    st.tuples(st.just("open"), STREAMS, st.booleans()),
    st.tuples(st.just("refused"), STREAMS, st.booleans()),
    st.tuples(st.just("call"), STREAMS, SIZES),
    st.tuples(st.just("reset"), STREAMS, st.none()),
    st.tuples(st.just("kill"), STREAMS, st.none()),
    st.tuples(
        st.just("data"), STREAMS, st.tuples(SIZES, st.none() | st.integers(0, 255), st.booleans())
    ),
)


@settings(max_examples=200, deadline=None)
@given(
    actions=st.lists(ACTIONS, max_size=60),
    echoes=st.booleans(),
    reads=st.booleans(),
    stream_window=st.sampled_from([1, 20_000, 2**31 - 1]),
    streams=st.sampled_from([1, 100]),
)
def test_all_data_comes_back_to_the_connections_window_whatever_becomes_of_its_stream(
    actions: list[tuple[str, int, object]],
    echoes: bool,
    reads: bool,
    stream_window: int,
    streams: int,
) -> None:
    peer = Peer(
        application=RecordingApplication(echoes=echoes, reads=reads),
        connection_window=WINDOW,
        stream_window=stream_window,
        max_concurrent_streams=streams,
    )
    sender = Sender(peer)
    for action, offset, detail in actions:
        act(sender, action, offset, detail)
    # Less than half of the window is ever kept back.
    assert sender.sent - sender.returned == WINDOW - sender.window
    assert sender.window * 2 >= WINDOW - 1
    assert peer.connection._receive_window == sender.window


def act(sender: Sender, action: str, offset: int, detail: object) -> None:
    """Do one thing; those that start a stream take the newest identifier, others any."""
    connection = sender.peer.connection
    if action in ("open", "refused", "call"):
        sender.newest += offset + 1
        stream = sender.newest = sender.newest | 1
    else:
        stream = max(1, sender.newest - offset + 1)
    match action, detail:
        case "open" | "refused", bool(end):
            block = BLOCK if action == "open" else REFUSED
            sender.send(headers(stream, block, end=end), 0)
        case "call", int(size):
            sender.send(call(stream, bytes(size)), size)
        case "data", (int(size), int() | None as padding, bool(end)) if sender.newest:
            frame, counted = data_frame(stream, size, padding, end=end)
            if connection._resets.get(stream, counted) >= counted:
                sender.send(frame, counted)
        case "reset", None if sender.newest:
            sender.send(frames.rst_stream(stream), 0)
        case "kill", None if stream in connection.streams:
            connection.reset(connection.streams[stream], ErrorCode.CANCEL)


def test_what_was_on_its_way_to_a_stream_that_was_reset_is_no_more_than_its_window() -> None:
    peer = Peer(stream_window=100_000, connection_window=2**31 - 1)
    peer.open(1)
    peer.connection.reset(peer.connection.streams[1], ErrorCode.CANCEL)
    peer.send(*[data(1, bytes(10_000))] * 10)
    peer.assert_serves(3)
    assert peer.fault_after(data(1, b"x")) == ErrorCode.FLOW_CONTROL_ERROR


def test_less_than_half_of_the_window_is_kept_back() -> None:
    peer = Peer(connection_window=100_000, stream_window=2**31 - 1)
    peer.application.reads = False
    peer.open(1)
    assert peer.send(*[data(1, bytes(10_000))] * 5) == []
    assert increments(peer.send(data(1, b"x"))) == 50_001


@pytest.mark.parametrize("pieces", [1, 4])
def test_a_stream_may_not_send_more_than_its_window(pieces: int) -> None:
    peer = Peer(stream_window=16_000)
    peer.application.reads = False
    peer.open(1)
    peer.send(*[data(1, bytes(16_000 // pieces))] * pieces)
    assert peer.reset_after(data(1, b"x")) == (1, ErrorCode.FLOW_CONTROL_ERROR)
    assert peer.application[1].events == ["lost"]


@pytest.mark.parametrize("echoes", [False, True])
def test_a_streams_window_holds_for_whole_calls_too(echoes: bool) -> None:
    for sent in ([call(1, bytes(11))], [headers(1), data(1, bytes(11), end=True)]):
        peer = Peer(stream_window=10, application=RecordingApplication(echoes=echoes))
        peer.send(*sent[:-1])
        assert peer.reset_after(sent[-1]) == (1, ErrorCode.FLOW_CONTROL_ERROR)


def test_an_empty_frame_fits_any_window() -> None:
    peer = Peer(stream_window=10)
    peer.application.reads = False
    peer.send(headers(1), data(1, bytes(10)), data(1), data(1, end=True))
    assert peer.application[1].events == ["ended"]


def test_a_stream_gets_back_what_was_read_in_halves_of_its_window() -> None:
    peer = Peer(stream_window=100)
    peer.application.reads = False
    peer.send(headers(1), data(1, bytes(100)))
    stream = peer.connection.streams[1]
    peer.connection.give_back(stream, 49)
    assert peer.received() == []
    peer.connection.give_back(stream, 1)
    assert increments(peer.received(), 1) == 50
    assert peer.send(data(1, bytes(50))) == []
    assert peer.reset_after(data(1, b"x")) == (1, ErrorCode.FLOW_CONTROL_ERROR)


@pytest.mark.parametrize("over", ["ended", "reset", "lost", "finished", "abandoned"])
def test_a_stream_that_is_over_gets_nothing_back(over: str) -> None:
    peer = Peer(stream_window=100)
    peer.application.reads = False
    peer.send(headers(1), data(1, bytes(100)))
    stream = peer.connection.streams[1]
    match over:
        case "ended":
            peer.send(data(1, end=True))
        case "reset":
            peer.connection.reset(stream, ErrorCode.CANCEL)
        case "lost":
            peer.send(frames.rst_stream(1))
        case "finished":
            peer.connection.answer_with_head(1, stream, b"")
        case "abandoned":
            peer.connection.abandon()
    peer.connection.give_back(stream, 100)
    assert increments(peer.received(), 1) == 0
