"""What each frame does on a stream in each state (RFC 9113 section 5.1)."""

from collections.abc import Callable
from typing import Final

import pytest

from bench.attacks import frames
from bench.attacks.frames import END_HEADERS, FrameType
from bench.attacks.header_blocks import request
from pannier_server.transport.h2.http2.errors import ErrorCode
from tests.transport.http2.application import REFUSED_PATH
from tests.transport.http2.peer import Peer, call, data, headers

PROTOCOL_ERROR = ErrorCode.PROTOCOL_ERROR
STREAM_CLOSED = ErrorCode.STREAM_CLOSED

IGNORED = "ignored"
TAKEN = "taken"


def connection_error(code: ErrorCode) -> str:
    return f"connection error {code.name}"


def stream_error(code: ErrorCode) -> str:
    return f"stream error {code.name}"


def open_stream(peer: Peer) -> int:
    peer.open(3)
    return 3


def half_closed(peer: Peer) -> int:
    """The peer has ended its half; the answer is to come."""
    peer.open(3, end=True)
    return 3


def closed(peer: Peer) -> int:
    """Both halves have ended."""
    peer.application.echoes = True
    peer.send(call(3))
    peer.application.echoes = False
    return 3


def reset_by_peer(peer: Peer) -> int:
    peer.send(headers(3), frames.rst_stream(3))
    return 3


def reset_by_server(peer: Peer) -> int:
    """The server has answered without waiting for the rest of the request."""
    peer.send(headers(3, request(REFUSED_PATH.encode(), b"host")))
    return 3


def skipped(peer: Peer) -> int:
    """A newer stream was opened."""
    peer.send(headers(1), headers(5))
    return 3


def skipped_first(peer: Peer) -> int:
    """The very first stream was a newer one."""
    peer.send(headers(5))
    return 1


def idle(peer: Peer) -> int:
    peer.open(3)
    return 5


def the_servers(peer: Peer) -> int:
    """Streams that only the server could open, which it does not."""
    peer.open(7)
    return 2


FRAMES: Final[dict[str, Callable[[int], bytes]]] = {
    "DATA": lambda stream: data(stream, b"x"),
    "HEADERS": lambda stream: headers(stream, end=True),
    "PRIORITY": frames.priority,
    "RST_STREAM": frames.rst_stream,
    "WINDOW_UPDATE": lambda stream: frames.window_update(stream, 1),
    "CONTINUATION": lambda stream: frames.frame(FrameType.CONTINUATION, stream, flags=END_HEADERS),
    "PUSH_PROMISE": lambda stream: frames.frame(
        FrameType.PUSH_PROMISE, stream, bytes(4), END_HEADERS
    ),
    "SETTINGS": lambda stream: frames.frame(FrameType.SETTINGS, stream),
    "PING": lambda stream: frames.frame(FrameType.PING, stream, bytes(8)),
    "GOAWAY": lambda stream: frames.frame(FrameType.GOAWAY, stream, bytes(8)),
    "an unknown frame": lambda stream: frames.frame(0xFA, stream, b"whatever", 0xFF),
}

# What holds in every state.
ALWAYS: Final = {
    "PRIORITY": IGNORED,
    "CONTINUATION": connection_error(PROTOCOL_ERROR),
    "PUSH_PROMISE": connection_error(PROTOCOL_ERROR),
    "SETTINGS": connection_error(PROTOCOL_ERROR),
    "PING": connection_error(PROTOCOL_ERROR),
    "GOAWAY": connection_error(PROTOCOL_ERROR),
    "an unknown frame": IGNORED,
}

STATES: Final[dict[Callable[[Peer], int], dict[str, str]]] = {
    idle: {
        "DATA": connection_error(PROTOCOL_ERROR),
        "HEADERS": TAKEN,
        "RST_STREAM": connection_error(PROTOCOL_ERROR),
        "WINDOW_UPDATE": connection_error(PROTOCOL_ERROR),
    },
    the_servers: {
        "DATA": connection_error(PROTOCOL_ERROR),
        "HEADERS": connection_error(PROTOCOL_ERROR),
        "RST_STREAM": connection_error(PROTOCOL_ERROR),
        "WINDOW_UPDATE": connection_error(PROTOCOL_ERROR),
    },
    open_stream: {
        "DATA": TAKEN,
        # Trailers do not begin like a request.
        "HEADERS": stream_error(PROTOCOL_ERROR),
        "RST_STREAM": TAKEN,
        "WINDOW_UPDATE": TAKEN,
    },
    half_closed: {
        "DATA": stream_error(STREAM_CLOSED),
        "HEADERS": stream_error(STREAM_CLOSED),
        "RST_STREAM": TAKEN,
        "WINDOW_UPDATE": TAKEN,
    },
    closed: {
        "DATA": stream_error(STREAM_CLOSED),
        "HEADERS": connection_error(STREAM_CLOSED),
        "RST_STREAM": IGNORED,
        "WINDOW_UPDATE": IGNORED,
    },
    reset_by_peer: {
        "DATA": stream_error(STREAM_CLOSED),
        "HEADERS": connection_error(STREAM_CLOSED),
        "RST_STREAM": IGNORED,
        "WINDOW_UPDATE": IGNORED,
    },
    reset_by_server: {
        "DATA": IGNORED,
        "HEADERS": IGNORED,
        "RST_STREAM": IGNORED,
        "WINDOW_UPDATE": IGNORED,
    },
    skipped: {
        "DATA": stream_error(STREAM_CLOSED),
        "HEADERS": connection_error(PROTOCOL_ERROR),
        "RST_STREAM": IGNORED,
        "WINDOW_UPDATE": IGNORED,
    },
    skipped_first: {
        "DATA": stream_error(STREAM_CLOSED),
        "HEADERS": connection_error(PROTOCOL_ERROR),
        "RST_STREAM": IGNORED,
        "WINDOW_UPDATE": IGNORED,
    },
}

CASES = [
    pytest.param(state, kind, outcome, id=f"{kind} in {state.__name__}")
    for state, outcomes in STATES.items()
    for kind, outcome in (ALWAYS | outcomes).items()
]


@pytest.mark.parametrize(("state", "kind", "outcome"), CASES)
def test_a_frame_does_what_the_state_of_its_stream_allows(
    state: Callable[[Peer], int], kind: str, outcome: str
) -> None:
    peer = Peer()
    stream = state(peer)
    peer.received()
    frame = FRAMES[kind](stream)
    if outcome.startswith("connection error"):
        assert connection_error(peer.fault_after(frame)) == outcome
    elif outcome.startswith("stream error"):
        reset, code = peer.reset_after(frame)
        assert (reset, stream_error(code)) == (stream, outcome)
        assert stream not in peer.connection.streams
        peer.assert_serves(9)
    else:
        before = told(peer)
        assert peer.send(frame) == []
        assert (told(peer) != before) == (outcome == TAKEN)
        peer.assert_serves(9)


def told(peer: Peer) -> list[object]:
    """Return what the application, and the streams, have learned."""
    return [
        (request.stream.id, request.body, *request.events, request.stream.send_window)
        for request in peer.application.requests
    ]


@pytest.mark.parametrize("kind", ["DATA", "HEADERS", "PRIORITY", "RST_STREAM", "CONTINUATION"])
def test_frames_that_belong_to_a_stream_need_one(kind: str) -> None:
    assert Peer().fault_after(FRAMES[kind](0)) == PROTOCOL_ERROR
