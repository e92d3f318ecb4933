"""Answers leave whole and in order, within the peer's windows (RFC 9113 section 6.9)."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.attacks import frames
from bench.attacks.frames import FrameType
from pannier_server.transport.h2.http2.errors import ErrorCode
from tests.transport.http2.peer import LARGEST_WINDOW, Peer
from tests.transport.http2.reader import Reader, waiting_peer

WINDOWS = st.sampled_from([0, 1, 100, 16_384, 65_535, 100_000])
INCREMENTS = st.sampled_from([1, 10, 1_000, 50_000])
STEPS = st.one_of(
    st.tuples(st.just("open")),
    st.tuples(
        st.just("write"), st.integers(0, 4), st.lists(st.sampled_from([0, 1, 5, 2_000, 40_000]))
    ),
    st.tuples(st.just("end"), st.integers(0, 4)),
    st.tuples(st.just("widen"), st.integers(-1, 4), INCREMENTS),
    st.tuples(st.just("change"), WINDOWS, st.sampled_from([16_384, 20_000, 2**24 - 1])),
    st.tuples(st.just("congest"), st.booleans()),
)


@settings(max_examples=300, deadline=None)
@given(steps=st.lists(STEPS, min_size=5, max_size=60))
def test_bodies_arrive_whole_within_both_windows_and_each_stream_ends_once(
    steps: list[tuple[object, ...]],
) -> None:
    reader = Reader(Peer())
    for _ in range(3):
        reader.open()
    for step in steps:
        take(reader, step)
        reader.check()
    finish(reader)
    for answer in reader.answers.values():
        assert b"".join(answer.got) == answer.written
        assert answer.ends == 1
    assert not reader.peer.connection.streams
    assert reader.peer.outbox.unsent_bytes == 0


def take(reader: Reader, step: tuple[object, ...]) -> None:
    numbers = sorted(reader.answers)
    match step:
        case ("open",):
            reader.open()
        case ("write", int(index), list(sizes)):
            number = numbers[index % len(numbers)]
            if not reader.answers[number].is_closed:
                reader.write(number, sizes)
        case ("end", int(index)):
            number = numbers[index % len(numbers)]
            if not reader.answers[number].is_closed:
                reader.end(number)
        case ("widen", int(index), int(increment)):
            number = 0 if index < 0 else numbers[index % len(numbers)]
            if not number or not reader.answers[number].ends:
                reader.widen(number, increment)
        case ("change", int(initial), int(max_frame)):
            reader.change(initial, max_frame)
        case ("congest", bool(congested)):
            reader.congest(congested=congested)


def finish(reader: Reader) -> None:
    reader.congest(congested=False)
    for number, answer in reader.answers.items():
        if not answer.is_closed:
            reader.end(number)
    reader.change(1_000_000_000, 16_384)
    reader.widen(0, 1_000_000_000)


def test_a_connections_window_may_not_pass_its_largest() -> None:
    peer = Peer()
    assert peer.send(frames.window_update(0, LARGEST_WINDOW - 65_535)) == []
    assert peer.fault_after(frames.window_update(0, 1)) == ErrorCode.FLOW_CONTROL_ERROR


def test_a_streams_window_may_not_pass_its_largest() -> None:
    peer = Peer()
    peer.open(1)
    assert peer.send(frames.window_update(1, LARGEST_WINDOW - 65_535)) == []
    assert peer.reset_after(frames.window_update(1, 1)) == (1, ErrorCode.FLOW_CONTROL_ERROR)
    assert peer.application[1].events == ["lost"]


@pytest.mark.parametrize("reserved", [0, 0x8000_0000])
def test_an_increment_of_nothing_is_an_error(reserved: int) -> None:
    nothing = reserved.to_bytes(4, "big")
    peer = Peer()
    peer.open(1)
    stream = frames.frame(FrameType.WINDOW_UPDATE, 1, nothing)
    assert peer.reset_after(stream) == (1, ErrorCode.PROTOCOL_ERROR)
    connection = frames.frame(FrameType.WINDOW_UPDATE, 0, nothing)
    assert peer.fault_after(connection) == ErrorCode.PROTOCOL_ERROR


def test_the_reserved_bit_of_an_increment_is_ignored() -> None:
    peer = Peer()
    peer.send(frames.frame(FrameType.WINDOW_UPDATE, 0, (0x8000_0005).to_bytes(4, "big")))
    assert peer.outbox.window == 65_540


def pieces_of(frames_written: list[bytes | memoryview]) -> Iterator[memoryview]:
    return (piece for piece in frames_written if isinstance(piece, memoryview))


def test_a_large_answer_is_not_copied_while_it_waits() -> None:
    peer = waiting_peer(1, 0)
    peer.open(3, end=True)
    whole = bytes(1_000_000)
    peer.outbox.data(peer.connection.streams[3], whole)
    peer.connection.receive(frames.window_update(0, 2_000_000))
    for _ in range(500):
        peer.connection.receive(frames.window_update(3, 2_000))
    pieces = list(pieces_of(peer.outbox.frames))
    assert sum(map(len, pieces)) == len(whole)
    assert all(piece.obj is whole for piece in pieces)
