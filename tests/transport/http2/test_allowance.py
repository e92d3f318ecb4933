"""How much a peer may send that brings nothing, and what earns it more."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from bench.attacks import frames
from bench.attacks.frames import ACK, FrameType
from bench.attacks.header_blocks import literal, request
from pannier_server.transport.h2.http2.errors import ErrorCode
from tests.transport.http2.application import REFUSED_PATH, RecordingApplication
from tests.transport.http2.peer import (
    BLOCK,
    LARGEST_WINDOW,
    Peer,
    call,
    data,
    headers,
    initial_window,
)

ALLOWANCE = 100
SHORT = request(b"/a.B/C", b"host", literal(b"grpc-timeout", b"20m"))
EXPIRED = request(b"/a.B/C", b"host", literal(b"grpc-timeout", b"0n"))
TIMELESS = BLOCK
REFUSED = request(REFUSED_PATH.encode(), b"host")
LARGE_REFUSED = request(REFUSED_PATH.encode(), b"host", literal(b"x", b"v" * 1_024))
MALFORMED = literal(b"Upper", b"case")


def repeated(frame: bytes) -> Callable[[], Iterator[bytes]]:
    def flood() -> Iterator[bytes]:
        while True:
            yield frame

    return flood


def on_each_stream(make: Callable[[int], bytes]) -> Callable[[], Iterator[bytes]]:
    """Return a flood of something that happens on a new stream each time, from 101 on."""
    return lambda: (make(2 * number + 101) for number in count())


# Stream 1 is open, 3 has ended, 5 was reset by the server, 7 by the peer.
FLOODS: dict[str, Callable[[], Iterator[bytes]]] = {
    "pings": repeated(frames.ping()),
    "answers to pings": repeated(frames.ping(flags=ACK)),
    "settings": repeated(frames.settings()),
    "settings that change windows": repeated(frames.settings(initial_window(100))),
    "acknowledgements": repeated(frames.frame(FrameType.SETTINGS, flags=ACK)),
    "priorities": repeated(frames.priority(1)),
    "priorities of idle streams": repeated(frames.priority(999)),
    "goaways": repeated(frames.goaway()),
    "window updates": repeated(frames.window_update(0, 1)),
    "window updates of a stream": repeated(frames.window_update(1, 1)),
    "window updates of a closed stream": repeated(frames.window_update(3, 1)),
    "unknown frames": repeated(frames.frame(0xFA)),
    "empty data": repeated(data(1)),
    "data that is padding": repeated(frames.data(1, b"\x05" + bytes(5), frames.PADDED)),
    "data of a closed stream": repeated(data(3, b"x")),
    "data of a stream that was reset": repeated(data(5, b"x")),
    "ends of a stream that was reset": repeated(data(5, b"x", end=True)),
    "resets of a closed stream": repeated(frames.rst_stream(3)),
    "resets of a stream that was reset": repeated(frames.rst_stream(7)),
    "trailers of a stream that was reset": repeated(headers(5, literal(b"x", b"y"))),
    "requests that are reset at once": on_each_stream(
        lambda stream: headers(stream) + frames.rst_stream(stream)
    ),
    "requests with a deadline that are reset at once": on_each_stream(
        lambda stream: headers(stream, SHORT) + frames.rst_stream(stream)
    ),
    "requests past their deadline that are reset at once": on_each_stream(
        lambda stream: headers(stream, EXPIRED) + frames.rst_stream(stream)
    ),
    "ended requests that are reset at once": on_each_stream(
        lambda stream: headers(stream, end=True) + frames.rst_stream(stream)
    ),
    "malformed requests": on_each_stream(lambda stream: headers(stream, MALFORMED)),
    "malformed calls": on_each_stream(lambda stream: call(stream, b"x", MALFORMED)),
    "requests that the peer breaks itself": on_each_stream(
        lambda stream: headers(stream) + frames.window_update(stream, 0)
    ),
    "refused requests with large heads": on_each_stream(
        lambda stream: headers(stream, LARGE_REFUSED, end=True)
    ),
    "refused calls with large heads": on_each_stream(
        lambda stream: call(stream, b"x", LARGE_REFUSED)
    ),
    "requests beyond the limit": on_each_stream(
        lambda stream: headers(stream) if stream > 300 else b""
    ),
    "calls beyond the limit": on_each_stream(
        lambda stream: call(stream) if stream > 300 else headers(stream)
    ),
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_a_flood_ends_the_connection(flood: Callable[[], Iterator[bytes]]) -> None:
    peer = Peer(abuse_allowance=ALLOWANCE, max_concurrent_streams=50)
    peer.open(1)
    prepare(peer)
    for sent, frame in enumerate(flood(), 1):
        peer.send(frame)
        if peer.connection.closed:
            break
        assert sent <= 4 * ALLOWANCE, "the flood goes on"
    assert sent > ALLOWANCE // 3, "the allowance was used up too soon"
    assert peer.connection.fault is not None
    assert peer.connection.fault.code == ErrorCode.ENHANCE_YOUR_CALM
    assert peer.meters.floods == 1
    assert all("lost" in made.events or "sent" in made.events for made in peer.application.requests)


def prepare(peer: Peer) -> None:
    """Close stream 3, have 5 reset by the server, and reset 7."""
    peer.application.echoes = True
    peer.send(call(3, b"x"))
    peer.application.echoes = False
    peer.send(headers(5, REFUSED))
    peer.send(headers(7), frames.rst_stream(7))
    peer.received()


@pytest.mark.parametrize(
    "flood",
    [
        FLOODS["pings"],
        FLOODS["settings"],
        FLOODS["window updates"],
        FLOODS["requests that are reset at once"],
    ],
)
def test_a_flood_ends_the_connection_in_one_read_too(flood: Callable[[], Iterator[bytes]]) -> None:
    peer = Peer(abuse_allowance=ALLOWANCE)
    sent = [frame for frame, _ in zip(flood(), range(1_000), strict=False)]
    assert peer.fault_after(*sent) == ErrorCode.ENHANCE_YOUR_CALM


def test_the_allowance_comes_back_with_time() -> None:
    peer = Peer(abuse_allowance=ALLOWANCE)
    for _ in range(100):
        peer.send(frames.ping() * 20)
        peer.connection.allowance.refill(0.8)
    assert not peer.connection.closed


def test_progress_is_not_saved_up_beyond_the_allowance() -> None:
    peer = Peer(abuse_allowance=ALLOWANCE, application=RecordingApplication(echoes=True))
    for number in range(500):
        peer.send(call(2 * number + 1, b"x"))
    assert peer.connection.closed is False
    assert peer.fault_after(frames.ping() * (ALLOWANCE + 1)) == ErrorCode.ENHANCE_YOUR_CALM


# -- peers that are no attackers


@pytest.mark.parametrize("whole", [True, False])
def test_a_peer_that_cancels_19_of_20_calls_is_welcome(whole: bool) -> None:
    peer = Peer(abuse_allowance=ALLOWANCE)
    for number in range(5_000):
        stream = 2 * number + 1
        peer.application.echoes = number % 20 == 19
        if whole:
            peer.send(call(stream, b"x"))
        else:
            peer.send(headers(stream))
            peer.send(data(stream, b"x", end=True))
        peer.send(b"" if peer.application.echoes else frames.rst_stream(stream))
    assert not peer.connection.closed
    assert peer.connection.is_idle


@pytest.mark.parametrize("block", [TIMELESS, SHORT])
def test_calls_that_were_given_time_are_cancelled_for_nothing(block: bytes) -> None:
    peer = Peer(abuse_allowance=ALLOWANCE)
    for number in range(1_000):
        stream = 2 * number + 1
        peer.send(headers(stream, block))
        peer.clock.seconds += 0.02 if block is SHORT else 0.06
        peer.send(frames.rst_stream(stream))
    assert not peer.connection.closed


def test_window_updates_and_pings_that_belong_to_what_was_sent_are_free() -> None:
    peer = Peer(abuse_allowance=ALLOWANCE)
    peer.open(1, end=True)
    stream = peer.connection.streams[1]
    for _ in range(5_000):
        peer.outbox.data(stream, bytes(2_000))
        updates = [frames.window_update(number, 2_000) for number in (0, 1)]
        peer.send(*updates)
    assert not peer.connection.closed
    assert peer.outbox.unsent_bytes == 0


def test_small_messages_may_be_acknowledged_one_by_one() -> None:
    peer = Peer(abuse_allowance=ALLOWANCE)
    peer.open(1, end=True)
    stream = peer.connection.streams[1]
    for _ in range(5_000):
        peer.outbox.data(stream, b"tick")
        peer.send(frames.window_update(0, 4), frames.window_update(1, 4))
    assert not peer.connection.closed


def test_a_peer_that_opens_its_window_a_little_at_a_time_earns_nothing() -> None:
    peer = Peer(settings=initial_window(0), abuse_allowance=ALLOWANCE)
    peer.open(1, end=True)
    peer.outbox.data(peer.connection.streams[1], bytes(100_000))
    flood = frames.window_update(1, 1) * 1_000
    assert peer.fault_after(flood) == ErrorCode.ENHANCE_YOUR_CALM


def test_pings_between_large_uploads_are_free() -> None:
    peer = Peer(abuse_allowance=ALLOWANCE, stream_window=LARGEST_WINDOW)
    peer.open(1)
    for _ in range(1_000):
        peer.send(data(1, bytes(16_000)), frames.ping(), frames.ping())
    assert not peer.connection.closed


def test_uploads_that_were_on_their_way_when_their_stream_was_reset_are_no_flood() -> None:
    peer = Peer(abuse_allowance=ALLOWANCE)
    for number in range(100):
        stream = 2 * number + 1
        upload = [data(stream, bytes(16_000))] * 60
        peer.send(headers(stream, REFUSED), *upload, data(stream, end=True))
    assert not peer.connection.closed


@pytest.mark.parametrize("cut", [False, True])
def test_calls_that_are_refused_are_no_flood(cut: bool) -> None:
    peer = Peer(abuse_allowance=ALLOWANCE)
    for number in range(1_000):
        stream = 2 * number + 1
        if cut:
            peer.send(headers(stream, REFUSED))
            peer.send(data(stream, b"x", end=True))
        else:
            peer.send(call(stream, b"x", REFUSED))
    assert not peer.connection.closed


def test_the_reset_that_ends_the_connection_ends_its_stream_too() -> None:
    peer = Peer(abuse_allowance=ALLOWANCE)
    for stream in range(1, 1_001, 2):
        peer.send(headers(stream), frames.rst_stream(stream))
        if peer.connection.closed:
            break
    assert peer.connection.closed
    assert [made.events for made in peer.application.requests] == [["lost"]] * ((stream + 1) // 2)
