"""PING, GOAWAY, and the end of a connection (RFC 9113 sections 6.7 and 6.8)."""

from bench.attacks import frames
from bench.attacks.frames import ACK, FrameType
from pannier_server.transport.h2.http2.errors import ConnectionFault, ErrorCode
from tests.transport.http2.application import RecordingApplication
from tests.transport.http2.peer import (
    LARGEST_WINDOW,
    Peer,
    call,
    data,
    goaway,
    headers,
    increments,
    read,
)


def test_a_ping_is_answered_with_its_bytes() -> None:
    assert Peer().send(frames.ping(b"pannier!")) == read(frames.ping(b"pannier!", ACK))


def test_flags_of_a_ping_that_mean_nothing_are_ignored() -> None:
    assert Peer().send(frames.ping(b"pannier!", 0xFE)) == read(frames.ping(b"pannier!", ACK))


def test_answers_to_our_pings_are_counted_and_not_answered() -> None:
    peer = Peer()
    peer.connection.ping(b"drained?")
    assert peer.received() == read(frames.ping(b"drained?"))
    assert peer.send(frames.ping(b"drained?", ACK)) == []
    assert peer.connection.pongs == 1


def test_a_peer_that_goes_away_gets_its_answers() -> None:
    peer = Peer(application=RecordingApplication(echoes=True))
    peer.open(1)
    assert peer.send(frames.goaway(0)) == []
    assert peer.send(data(1, b"x", end=True))
    assert not peer.connection.closed


def test_a_goaway_may_carry_a_reason() -> None:
    frame = frames.frame(FrameType.GOAWAY, 0, bytes(8) + b"because")
    assert Peer().send(frame) == []


# -- our own end


def test_a_drain_is_announced_before_streams_are_ignored() -> None:
    peer = Peer()
    peer.open(1)
    peer.connection.announce_drain()
    assert [goaway(frame) for frame in peer.received()] == [(LARGEST_WINDOW, ErrorCode.NO_ERROR)]
    peer.assert_serves(3)
    peer.connection.drain()
    assert [goaway(frame) for frame in peer.received()] == [(3, ErrorCode.NO_ERROR)]


def test_the_last_stream_that_is_named_never_grows_again() -> None:
    peer = Peer()
    peer.open(1)
    peer.connection.drain()
    peer.connection.announce_drain()
    peer.connection.drain()
    assert [goaway(frame) for frame in peer.received()] == [(1, ErrorCode.NO_ERROR)]


def test_nothing_is_announced_after_an_error() -> None:
    peer = Peer()
    peer.fault_after(frames.ping(bytes(7)))
    peer.connection.announce_drain()
    peer.connection.drain()
    peer.connection.ping(b"drained?")
    peer.connection.fail(ConnectionFault(ErrorCode.INTERNAL_ERROR, "once more"))
    assert peer.received() == []


def test_streams_that_are_open_finish_while_draining() -> None:
    peer = Peer(application=RecordingApplication(echoes=True))
    peer.open(1)
    peer.connection.drain()
    peer.received()
    assert peer.send(data(1, b"x"), frames.window_update(1, 5), data(1, b"y", end=True))
    assert peer.application[1].events == ["ended", "sent"]
    assert peer.connection.is_idle


def test_everything_on_a_stream_that_a_drain_ignores_is_ignored() -> None:
    peer = Peer()
    peer.open(1)
    peer.connection.drain()
    peer.received()
    ignored = [
        headers(3),
        data(3, b"x"),
        frames.window_update(3, 1),
        frames.priority(3),
        frames.rst_stream(3),
        call(5, b"x"),
        frames.headers(7, b"", 0) + frames.frame(FrameType.CONTINUATION, 7, b"", 4),
    ]
    for frame in ignored:
        assert peer.send(frame) == []
    assert len(peer.application.requests) == 1
    assert peer.connection.last_stream_id == 1
    assert not peer.connection.closed


def test_data_on_a_stream_that_a_drain_ignores_comes_back_to_the_connections_window() -> None:
    peer = Peer(connection_window=65_535)
    peer.connection.drain()
    peer.received()
    peer.send(headers(3))
    assert increments(peer.send(*[data(3, bytes(16_000))] * 5)) > 80_000 - 32_768


def test_a_request_for_more_calm_ends_everything_that_runs() -> None:
    peer = Peer()
    peer.send(headers(1), headers(3, end=True))
    peer.connection.fail(ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "too much"))
    (frame,) = peer.received()
    assert goaway(frame) == (3, ErrorCode.ENHANCE_YOUR_CALM)
    assert peer.application[1].events == ["lost"]
    assert peer.application[3].events == ["ended", "lost"]
    assert peer.meters.connection_errors == 1


def test_handlers_that_outlive_their_streams_keep_the_connection_from_being_idle() -> None:
    peer = Peer()
    assert peer.connection.is_idle
    peer.connection.lingering += 1
    assert not peer.connection.is_idle
