"""Random frames for a connection without a network, and random answers of an application."""

import random
import time
from typing import Any

from bench.attacks import frames
from bench.attacks.frames import Frame, FrameType
from bench.attacks.header_blocks import inserted, literal, request
from pannier_server.transport.h2.http2.errors import ErrorCode
from pannier_server.transport.h2.wire.answers import HEAD_BLOCK, OK_BLOCK
from tests.transport.fuzz.conversation import changed, continued, random_frame
from tests.transport.http2.application import REFUSED_PATH, RecordingApplication, Request
from tests.transport.http2.peer import BLOCK, Peer, call, data, headers, initial_window, padded

LIMITS: list[dict[str, Any]] = [
    {},
    {"turn_budget": 2, "abuse_allowance": 30},
    {"max_concurrent_streams": 2, "stream_window": 1_000},
    {"connection_window": 65_535, "max_header_list_bytes": 300},
]
BLOCKS = [
    BLOCK,
    BLOCK,
    request(REFUSED_PATH.encode(), b"host"),
    request(b"/a.B/C", b"host", inserted(b"x", b"y")),
    request(b"/a.B/C", b"host", literal(b"content-length", b"3")),
    literal(b"Upper", b"case"),
    literal(b"checksum", b"1"),
]
BODIES = [b"", b"abc", bytes(100), bytes(5_000)]
SIZES = [0, 1, 1_000, 65_535, 2**31 - 1]
_STEPS = 60


def fuzz_frames(seconds: float, seed: int) -> int:
    """Feed connections with frames for some ``seconds``, and return how many connections.

    Raises:
        AssertionError: A rule of the application's side was broken, or the books are wrong.
    """
    rnd = random.Random(seed)
    until = time.monotonic() + seconds
    connections = 0
    while time.monotonic() < until:
        _fuzz_connection(rnd)
        connections += 1
    return connections


def _fuzz_connection(rnd: random.Random) -> None:
    application = RecordingApplication(echoes=rnd.random() < 0.3, reads=rnd.random() < 0.7)
    peer = Peer(application=application, **rnd.choice(LIMITS))
    ended: dict[int, bool] = {}
    mistakes = rnd.choice([0.0, 0.0, 0.02, 0.2])
    for _ in range(_STEPS):
        frame = _frame(rnd, peer)
        if rnd.random() < mistakes:
            frame = changed(rnd, frame) if rnd.random() < 0.5 else random_frame(rnd)
        _check_sent(peer.send(frame), ended)
        if peer.connection.closed:
            break
        if not application.echoes and rnd.random() < 0.5:
            _answer(rnd, peer)
            _check_sent(peer.received(), ended)
        _check_books(peer)
    _end(peer)


def _frame(rnd: random.Random, peer: Peer) -> bytes:
    """Return what a client might send: new calls, and more of those that it has made."""
    newest = peer.connection.last_stream_id
    new = (newest + 2 + 2 * (rnd.random() < 0.1)) | 1
    old = max(1, rnd.choice([*peer.connection.streams, newest | 1]) - 2 * (rnd.random() < 0.02))
    block, body, size = rnd.choice(BLOCKS), rnd.choice(BODIES), rnd.choice(SIZES)
    end = rnd.random() < 0.3
    if not newest or rnd.random() < 0.3:
        makers = [
            call(new, body, block),
            headers(new, block, end=end),
            continued(new, block[:5], b"", block[5:]),
        ]
    else:
        makers = [
            data(old, body, end=end),
            data(old, body, end=end),
            padded(FrameType.DATA, old, body, rnd.randrange(256)),
            frames.window_update(rnd.choice([0, old]), rnd.choice([1, 100, 30_000])),
            frames.settings(initial_window(size)),
            frames.rst_stream(old),
            frames.ping(),
            headers(old if old in peer.connection.streams else new, BLOCKS[-1], end=True),
        ]
    return rnd.choice(makers)


def _answer(rnd: random.Random, peer: Peer) -> None:
    """Do something about one of the open requests."""
    streams = [one for one in peer.connection.streams.values() if one.trailers is None]
    if not streams:
        return
    stream = rnd.choice(streams)
    outbox = peer.outbox
    match rnd.randrange(8):
        case 0:
            peer.connection.reset(stream, ErrorCode.CANCEL)
        case 1:
            outbox.end(stream, OK_BLOCK)
        case 2:
            peer.connection.give_back(stream, min(stream.body_bytes - stream.unreturned, 10))
        case 3:
            outbox.congested = not outbox.congested
            outbox.pump()
        case _:
            if stream.id not in peer.application.started:
                peer.application.started.add(stream.id)
                outbox.headers(stream, HEAD_BLOCK)
            outbox.data(stream, bytes(rnd.choice([1, 100, 50_000])))


def _check_sent(received: list[Frame], ended: dict[int, bool]) -> None:
    """Assert that nothing but a reset follows the end of a stream, and nothing a reset."""
    for frame in received:
        if not frame.stream:
            continue
        was_reset = ended.get(frame.stream)
        if frame.kind == FrameType.RST_STREAM:
            ended[frame.stream] = True
        elif frame.kind in (FrameType.HEADERS, FrameType.DATA):
            assert was_reset is None, f"{frame} after the end of its stream"
            if frame.ends_stream:
                ended[frame.stream] = False
        else:
            assert frame.kind in (FrameType.WINDOW_UPDATE, FrameType.CONTINUATION)


def _check_books(peer: Peer) -> None:
    connection, outbox, limits = peer.connection, peer.outbox, peer.limits
    assert len(connection.streams) <= limits.max_concurrent_streams
    assert 0 <= outbox.window < 2**31
    assert outbox.unsent_bytes == sum(s.unsent_bytes for s in connection.streams.values())
    assert connection._receive_window * 2 >= connection._full_window
    for stream in connection.streams.values():
        assert stream.unsent_bytes == sum(map(len, stream.unsent))
        assert stream.send_window < 2**31
        assert 0 <= stream.receive_window <= limits.stream_window
        if stream.unsent and not outbox.congested:
            assert stream.send_window <= 0 or outbox.window == 0, "a frame that could leave waits"


def _end(peer: Peer) -> None:
    peer.connection.abandon()
    assert not peer.connection.streams
    assert peer.outbox.unsent_bytes == 0
    for made in peer.application.requests:
        _check_end(made)


def _check_end(made: Request) -> None:
    """Assert that a request heard at most once of each of its ends, and of one at least."""
    ends = [event for event in made.events if event in ("lost", "sent")]
    assert len(ends) <= 1, made.events
    assert made.stream.unsent_bytes == 0
