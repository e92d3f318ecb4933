"""Streams take turns with what the peer lets us send, so that none holds up another."""

import pytest

from bench.attacks import frames
from bench.attacks.frames import Setting
from pannier_server.transport.h2.wire.answers import OK_BLOCK
from tests.transport.http2.peer import Peer, initial_window
from tests.transport.http2.reader import body, share, waiting_peer


@pytest.mark.parametrize("max_frame", [16_384, 20_000])
def test_streams_take_turns_when_the_connections_window_opens(max_frame: int) -> None:
    peer = waiting_peer(4, 100_000)
    peer.send(frames.settings({Setting.MAX_FRAME_SIZE: max_frame}))
    peer.send(frames.settings(initial_window(100_000)))
    first = 65_535
    received = peer.send(frames.window_update(0, 4 * max_frame * 3 - first % max_frame))
    order = share(received)
    counts = [order.count(stream) for stream in (1, 3, 5, 7)]
    assert max(counts) - min(counts) <= 1


def test_streams_take_turns_when_a_setting_opens_all_their_windows() -> None:
    peer = waiting_peer(3, 100_000)
    received = peer.send(frames.settings(initial_window(100_000)))
    assert share(received) == [1, 3, 5, 1]


def test_a_small_answer_does_not_wait_for_a_large_one() -> None:
    peer = Peer()
    for stream, size in ((1, 1_000_000), (3, 100)):
        peer.open(stream, end=True)
        peer.outbox.data(peer.connection.streams[stream], body(stream, size))
        peer.outbox.end(peer.connection.streams[stream], OK_BLOCK)
    peer.received()
    order = share(peer.send(frames.window_update(0, 40_000), frames.window_update(1, 900_000)))
    assert order[:2] == [1, 3] or order[:2] == [3, 1]


def test_a_stream_without_a_window_does_not_hold_up_others() -> None:
    peer = waiting_peer(2, 50_000)
    assert set(share(peer.send(frames.window_update(3, 50_000)))) == {3}


def test_small_pieces_share_a_frame() -> None:
    peer = waiting_peer(0, 0)
    peer.open(1, end=True)
    stream = peer.connection.streams[1]
    for at in range(100):
        peer.outbox.data(stream, body(1, 10, 10 * at))
    received = peer.send(frames.window_update(1, 10_000))
    assert [frame.payload for frame in received] == [body(1, 1_000)]
