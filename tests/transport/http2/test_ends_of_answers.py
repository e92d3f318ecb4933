"""How an answer ends, and with it its stream (RFC 9113 section 8.1)."""

import pytest

from bench.attacks import frames
from bench.attacks.frames import END_STREAM, FrameType
from bench.attacks.header_blocks import request
from pannier_server.transport.h2.http2.errors import ErrorCode
from pannier_server.transport.h2.wire.answers import HEAD_BLOCK, OK_BLOCK
from tests.transport.http2.application import REFUSED_PATH, RecordingApplication
from tests.transport.http2.peer import Peer, call, data, headers, initial_window
from tests.transport.http2.reader import share, waiting_peer


def test_a_stream_that_has_sent_everything_says_so_once() -> None:
    peer = waiting_peer(1, 100)
    request = peer.application[1]
    peer.send(frames.window_update(1, 99))
    assert request.events == ["ended"]
    peer.send(frames.window_update(1, 1))
    assert request.events == ["ended", "writable"]
    peer.outbox.end(request.stream, OK_BLOCK)
    assert request.events == ["ended", "writable", "sent"]
    assert peer.connection.is_idle


def test_an_answer_may_end_without_trailers() -> None:
    peer = Peer()
    peer.open(1, end=True)
    stream = peer.connection.streams[1]
    peer.outbox.headers(stream, HEAD_BLOCK)
    peer.outbox.data(stream, b"text")
    peer.outbox.end(stream, b"")
    assert [(frame.payload, frame.flags) for frame in peer.received()[1:]] == [
        (b"text", 0),
        (b"", END_STREAM),
    ]


def test_an_answer_before_the_end_of_its_request_resets_the_stream_without_an_error() -> None:
    peer = Peer()
    peer.open(1)
    stream = peer.connection.streams[1]
    peer.connection.answer_with_head(1, stream, HEAD_BLOCK)
    head, reset = peer.received()
    assert head.flags & END_STREAM
    assert (reset.kind, reset.payload) == (FrameType.RST_STREAM, bytes(4))
    assert peer.send(data(1, b"on its way", end=True)) == []


@pytest.mark.parametrize("body_too", [False, True])
def test_an_answer_after_the_end_of_its_request_does_not_reset_the_stream(body_too: bool) -> None:
    peer = Peer()
    sent = headers(1, end=not body_too) + (data(1, end=True) if body_too else b"")
    peer.send(sent)
    peer.connection.answer_with_head(1, peer.connection.streams[1], HEAD_BLOCK)
    assert [frame.kind for frame in peer.received()] == [FrameType.HEADERS]


def test_a_request_that_is_answered_as_soon_as_it_comes_whole_is_not_reset() -> None:
    peer = Peer()
    received = peer.open(1, end=True, block=request(REFUSED_PATH.encode(), b"host"))
    assert [frame.kind for frame in received] == [FrameType.HEADERS]


def test_a_client_that_does_not_read_is_sent_no_whole_answers_either() -> None:
    peer = Peer(application=RecordingApplication(echoes=True))
    peer.outbox.congested = True
    assert [frame.kind for frame in peer.send(call(1, b"x"))] == [FrameType.HEADERS]
    peer.outbox.congested = False
    peer.outbox.pump()
    assert [frame.kind for frame in peer.received()] == [FrameType.DATA, FrameType.HEADERS]


@pytest.mark.parametrize("how", ["reset by us", "reset by the peer", "lost"])
def test_what_a_stream_wanted_to_send_is_forgotten_with_it(how: str) -> None:
    peer = waiting_peer(2, 1_000)
    match how:
        case "reset by us":
            peer.connection.reset(peer.connection.streams[1], ErrorCode.CANCEL)
        case "reset by the peer":
            peer.send(frames.rst_stream(1))
        case "lost":
            peer.connection.abandon()
    peer.received()
    assert peer.outbox.unsent_bytes == (0 if how == "lost" else 1_000)
    assert 1 not in set(share(peer.send(frames.settings(initial_window(10_000)))))
