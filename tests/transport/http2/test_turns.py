"""A turn of the event loop handles a bounded part of what one peer sends, and loses none of it."""

from collections.abc import Iterator
from typing import SupportsIndex

import pytest

from bench.attacks import frames
from bench.attacks.frames import ACK, Frame
from tests.transport.http2.application import RecordingApplication
from tests.transport.http2.peer import Peer, call, data, headers, initial_window

PINGS = [frames.ping(number.to_bytes(8, "big")) for number in range(100)]
PONGS = [frames.ping(number.to_bytes(8, "big"), ACK) for number in range(100)]


def turns(peer: Peer, sent: bytes) -> Iterator[list[Frame]]:
    """Send bytes in one piece, and yield what each turn of the server answers."""
    peer.connection.receive(sent)
    yield peer.received()
    while peer.connection.cut:
        peer.connection.proceed()
        yield peer.received()


def test_a_turn_handles_as_many_frames_as_its_budget() -> None:
    peer = Peer(turn_budget=10)
    assert [len(turn) for turn in turns(peer, b"".join(PINGS))] == [10] * 10
    assert peer.meters.turns_cut == 9


def test_a_read_within_the_budget_takes_one_turn() -> None:
    peer = Peer(turn_budget=100)
    assert [len(turn) for turn in turns(peer, b"".join(PINGS))] == [100]
    assert peer.meters.turns_cut == 0


def test_a_turn_is_one_frame_long_while_others_wait() -> None:
    peer = Peer()
    peer.connection.hurried = True
    assert [len(turn) for turn in turns(peer, b"".join(PINGS))] == [1] * 100


@pytest.mark.parametrize("whole", [True, False])
def test_a_request_counts_as_several_frames(whole: bool) -> None:
    peer = Peer(turn_budget=60, application=RecordingApplication(echoes=True))
    body = b"x" if whole else b""
    calls = [call(2 * number + 1, body) for number in range(40)]
    if not whole:
        calls = [headers(2 * number + 1, end=True) for number in range(40)]
    answers = [len({frame.stream for frame in turn}) for turn in turns(peer, b"".join(calls))]
    assert sum(answers) == 40
    assert max(answers) <= 10


def test_settings_count_for_each_stream_that_they_may_change() -> None:
    peer = Peer(turn_budget=10)
    peer.send(*[headers(2 * number + 1) for number in range(80)])
    setting = frames.settings(initial_window(70_000))
    assert [len(turn) for turn in turns(peer, setting * 4)] == [1, 1, 1, 1]


def test_nothing_is_lost_or_moved_between_turns() -> None:
    peer = Peer(turn_budget=7)
    answered = [frame for turn in turns(peer, b"".join(PINGS)) for frame in turn]
    assert [frames.ping(frame.payload, frame.flags) for frame in answered] == PONGS


def test_what_comes_before_the_next_turn_waits_in_order() -> None:
    peer = Peer(turn_budget=7)
    sent = b"".join(PINGS)
    for at in range(0, len(sent), 100):
        peer.connection.receive(sent[at : at + 100])
    answered = [frame for turn in turns(peer, b"") for frame in turn]
    assert [frames.ping(frame.payload, frame.flags) for frame in answered] == PONGS


def test_a_turn_may_end_in_the_middle_of_a_header_block() -> None:
    peer = Peer(turn_budget=1)
    block = headers(1)[9:]
    parts = [frames.frame(9, 1, bytes((byte,))) for byte in block[1:]]
    last = bytearray(parts[-1])
    last[4] = frames.END_HEADERS
    sent = b"".join((frames.headers(1, block[:1], 0), *parts[:-1], bytes(last), data(1, b"x")))
    list(turns(peer, sent))
    assert peer.application[1].head.path == "/a.B/C"
    assert peer.application[1].body == b"x"


def test_a_turn_that_ends_with_a_partial_frame_finds_its_rest() -> None:
    peer = Peer(turn_budget=1)
    sent = b"".join(PINGS[:3])
    list(turns(peer, sent[:-5]))
    assert len(peer.send(sent[-5:])) == 1


def test_a_turn_ends_after_some_time_too() -> None:
    peer = Peer(turn_seconds=0.001)
    ticking = iter(range(1_000_000))
    peer.connection._timer = lambda: next(ticking) * 0.0002
    lengths = [len(turn) for turn in turns(peer, b"".join(PINGS))]
    assert sum(lengths) == 100
    assert max(lengths) <= 7


def test_a_turn_ends_once_much_was_answered() -> None:
    peer = Peer(
        settings=initial_window(2**31 - 1),
        application=RecordingApplication(echoes=True),
        write_buffer_bytes=50_000,
    )
    peer.send(frames.window_update(0, 2**30))
    calls = [call(2 * number + 1, bytes(16_000)) for number in range(20)]
    answers = [len({frame.stream for frame in turn}) for turn in turns(peer, b"".join(calls))]
    assert sum(answers) == 20
    assert max(answers) <= 4


def test_a_connection_that_is_over_has_nothing_to_go_on_with() -> None:
    peer = Peer(turn_budget=7)
    peer.connection.receive(b"".join(PINGS))
    assert peer.connection.cut
    peer.connection.abandon()
    peer.received()
    assert not peer.connection.cut
    peer.connection.proceed()
    assert peer.received() == []


def test_an_error_in_a_later_turn_ends_the_connection() -> None:
    peer = Peer(turn_budget=7)
    assert peer.fault_after(b"".join(PINGS), frames.ping(bytes(7)), b"".join(PINGS))
    assert not peer.connection.cut


# -- copying


class CountingBytes(bytes):
    """Bytes that know how many were copied from them."""

    copied = 0

    def __getitem__(self, key: SupportsIndex | slice) -> int | bytes:  # type: ignore[override]
        part = super().__getitem__(key)
        if isinstance(part, bytes):
            self.copied += len(part)
        return part


class CountingBuffer(bytearray):
    """A buffer that knows how many bytes went in and out."""

    copied = 0

    def __iadd__(self, other: bytes) -> "CountingBuffer":  # type: ignore[override, misc]
        self.copied += len(other)
        super().__iadd__(other)
        return self

    def __bytes__(self) -> bytes:
        self.copied += len(self)
        return bytes(memoryview(self))


@pytest.mark.parametrize("budget", [1, 1_000_000])
def test_each_byte_is_copied_once_however_many_turns_it_takes(budget: int) -> None:
    peer = Peer(turn_budget=budget, abuse_allowance=100_000)
    sent = CountingBytes(b"".join(PINGS * 100))
    list(turns(peer, sent))
    assert sent.copied <= len(sent)


@pytest.mark.parametrize("piece", [1, 7, 1_000])
def test_a_frame_that_comes_in_small_pieces_is_copied_a_few_times_only(piece: int) -> None:
    peer = Peer()
    peer.open(1)
    buffer = peer.connection._partial = CountingBuffer()
    sent = b"".join(data(1, bytes(16_000)) for _ in range(10))
    for at in range(0, len(sent), piece):
        peer.connection.receive(sent[at : at + piece])
    assert len(peer.application[1].body) == 160_000
    assert peer.connection._partial is buffer
    assert buffer.copied <= 3 * len(sent)
