"""How a connection begins (RFC 9113 section 3.4)."""

import pytest

from bench.attacks import frames
from bench.attacks.frames import ACK, END_HEADERS, PREFACE, FrameType, Setting
from pannier_server.transport.h2.http2.errors import ErrorCode
from tests.transport.http2.application import RecordingApplication
from tests.transport.http2.peer import BLOCK, LARGEST_WINDOW, Peer, call, headers, read

MIB = 1024 * 1024

FIRST_FRAMES = {
    "HEADERS": headers(1),
    "DATA": frames.data(1),
    "a whole call": call(1, b"x"),
    "PRIORITY": frames.priority(1),
    "RST_STREAM": frames.rst_stream(1),
    "PING": frames.ping(),
    "GOAWAY": frames.goaway(),
    "WINDOW_UPDATE": frames.window_update(0, 1),
    "CONTINUATION": frames.frame(FrameType.CONTINUATION, 1, BLOCK, END_HEADERS),
    "an acknowledgement": frames.frame(FrameType.SETTINGS, flags=ACK),
    "an unknown frame": frames.frame(0xFA),
}


def test_the_server_says_first_what_it_takes() -> None:
    peer = Peer(
        greet=False,
        max_concurrent_streams=7,
        stream_window=2 * MIB,
        connection_window=3 * MIB,
        max_frame_bytes=20_000,
        max_header_list_bytes=9_000,
    )
    settings, window = peer.received()
    assert (settings.kind, settings.flags, settings.stream) == (FrameType.SETTINGS, 0, 0)
    assert frames.setting_values(settings.payload) == {
        Setting.MAX_CONCURRENT_STREAMS: 7,
        Setting.INITIAL_WINDOW_SIZE: 2 * MIB,
        Setting.MAX_FRAME_SIZE: 20_000,
        Setting.MAX_HEADER_LIST_SIZE: 9_000,
    }
    assert [window] == read(frames.window_update(0, 3 * MIB - 65_535))


@pytest.mark.parametrize("window", [1, 65_535])
def test_a_connections_window_cannot_be_smaller_than_it_starts(window: int) -> None:
    peer = Peer(greet=False, connection_window=window)
    assert [frame.kind for frame in peer.received()] == [FrameType.SETTINGS]


def test_a_peer_may_use_the_window_that_connections_start_with_however_small_ours_is() -> None:
    peer = Peer(connection_window=1, stream_window=LARGEST_WINDOW)
    peer.send(headers(1), *[frames.data(1, bytes(10_000))] * 7)
    assert not peer.connection.closed
    assert len(peer.application[1].body) == 70_000


def test_the_peers_preface_is_answered_with_an_acknowledgement() -> None:
    peer = Peer(greet=False)
    peer.received()
    assert not peer.connection.ready
    assert peer.send(PREFACE) == []
    assert peer.send(frames.settings()) == read(frames.frame(FrameType.SETTINGS, flags=ACK))
    assert peer.connection.ready


@pytest.mark.parametrize("position", range(len(PREFACE)))
def test_a_wrong_byte_of_the_preface_ends_the_connection_as_soon_as_it_comes(position: int) -> None:
    wrong = PREFACE[:position] + bytes((PREFACE[position] ^ 0x20,))
    peer = Peer(greet=False)
    peer.received()
    for at in range(position):
        assert peer.send(wrong[at : at + 1]) == []
    assert peer.fault_after(wrong[position:]) == ErrorCode.PROTOCOL_ERROR
    assert peer.meters.handshakes_failed == 1


@pytest.mark.parametrize("cut", range(1, 16))
def test_a_client_of_http_1_is_told_at_once_however_its_bytes_are_cut(cut: int) -> None:
    request = b"GET / HTTP/1.1\r\n"
    peer = Peer(greet=False)
    peer.send(request[:cut])
    peer.send(request[cut:])
    assert peer.connection.closed


@pytest.mark.parametrize("frame", FIRST_FRAMES.values(), ids=FIRST_FRAMES)
def test_the_first_frame_must_be_settings(frame: bytes) -> None:
    peer = Peer(greet=False, application=RecordingApplication(echoes=True))
    assert peer.fault_after(PREFACE, frame) == ErrorCode.PROTOCOL_ERROR
    assert peer.application.requests == []
    assert peer.application.whole == []


def test_calls_may_follow_the_preface_at_once() -> None:
    peer = Peer(greet=False)
    peer.send(PREFACE, frames.settings(), headers(1, end=True))
    assert peer.application[1].events == ["ended"]
