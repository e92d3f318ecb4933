"""What clients send on one connection after their preface: short scripts, and random ones."""

from hypothesis import strategies as st

from bench.attacks import frames
from bench.attacks.frames import ACK, END_HEADERS, END_STREAM, FrameType, Setting
from bench.attacks.header_blocks import inserted, literal, request
from tests.transport.http2.application import REFUSED_PATH
from tests.transport.http2.peer import BLOCK, call, data, headers, initial_window, padded

GREETING = frames.PREFACE + frames.settings() + frames.frame(FrameType.SETTINGS, flags=ACK)
REFUSED = request(REFUSED_PATH.encode(), b"host")
MALFORMED = literal(b"Upper", b"case")
WITH_LENGTH = request(b"/a.B/C", b"host", literal(b"content-length", b"3"))
LARGE_BLOCK = request(b"/a.B/C", b"host", literal(b"x", b"v" * 1_500))
TRAILERS = literal(b"checksum", b"1")
CONTINUED = frames.headers(1, BLOCK[:9], END_STREAM) + frames.frame(
    FrameType.CONTINUATION, 1, BLOCK[9:], END_HEADERS
)
PRIORITIZED = frames.headers(1, bytes(4) + b"\x10" + BLOCK, END_HEADERS | 0x20)
NO_WINDOW, SMALL_WINDOW = frames.settings(initial_window(0)), frames.settings(initial_window(7))
WITH_TABLE = request(b"/a.B/C", b"host", inserted(b"x-note", b"kept"))

SHORT: dict[str, bytes] = {
    "a call": call(1, b"body"),
    "an empty call": call(1),
    "two calls": call(1, b"one") + call(3, b"two"),
    "a call without a body": headers(1, end=True),
    "a call in three frames": headers(1) + data(1, b"bo") + data(1, b"dy", end=True),
    "an end of its own": headers(1) + data(1, b"body") + data(1, end=True),
    "trailers": headers(1) + data(1, b"body") + headers(1, TRAILERS, end=True),
    "two calls that overlap": headers(1) + call(3, b"a") + data(1, b"b", end=True),
    "a padded call": headers(1) + padded(FrameType.DATA, 1, b"body", 5, END_STREAM),
    "padded headers": padded(FrameType.HEADERS, 1, BLOCK, 5, END_HEADERS) + data(1, b"b", end=True),
    "headers with a priority": PRIORITIZED + data(1, b"body", end=True),
    "a continued block": CONTINUED,
    "a block that fills a table": call(1, b"x", WITH_TABLE) + call(3, b"y", BLOCK + b"\xbe"),
    "a large block": call(1, b"x", LARGE_BLOCK),
    "a refused call": call(1, b"body", REFUSED),
    "a refused call without a body": headers(1, REFUSED, end=True),
    "a refused call in pieces": headers(1, REFUSED) + data(1, b"x") + data(1, b"y", end=True),
    "a malformed call": call(1, b"body", MALFORMED),
    "a malformed call and a good one": call(1, b"body", MALFORMED) + call(3, b"good"),
    "an announced length": call(1, b"abc", WITH_LENGTH),
    "a wrong length": call(1, b"abcd", WITH_LENGTH),
    "a wrong length of a refused call": call(1, b"x", REFUSED + literal(b"content-length", b"9")),
    "an announced length without a body": headers(1, WITH_LENGTH, end=True),
    "no hpack": call(1, b"x", b"\x80"),
    "an older stream": call(5, b"x") + call(3, b"y"),
    "a stream of the server": call(2, b"x"),
    "stream 0": call(0, b"x"),
    "a reserved bit": call(0x8000_0001, b"x"),
    "another stream's data": headers(1) + data(3, b"x", end=True),
    "a call on a stream in use": headers(1) + call(1, b"x"),
    "a call on a closed stream": call(1, b"x") + call(1, b"y"),
    "a skipped stream": call(3, b"x") + call(1, b"y"),
    "data too much": call(1, b"x") + data(1, b"y"),
    "a reset": headers(1) + frames.rst_stream(1) + call(3, b"x"),
    "control frames": frames.ping() + frames.priority(7) + frames.window_update(0, 9),
    "an unknown frame": call(1, b"x") + frames.frame(0xFA) + call(3, b"y"),
    "a wrong ping": call(1, b"x") + frames.ping(bytes(7)) + call(3, b"y"),
    "a goaway": call(1, b"x") + frames.goaway() + call(3, b"y"),
    "no window": NO_WINDOW + call(1, b"x") + frames.window_update(1, 99),
    "a small window": SMALL_WINDOW + call(1, b"abc") + frames.window_update(1, 99),
    "no table": frames.settings({Setting.HEADER_TABLE_SIZE: 0}) + call(1, b"x") + call(3, b"y"),
    "a frame too large": headers(1) + frames.data(1, bytes(16_385)),
    "an interrupted block": frames.headers(1, BLOCK, 0) + call(3, b"x"),
    "too many streams": b"".join(headers(stream) for stream in range(1, 13, 2)) + call(13, b"x"),
}

STREAMS = st.sampled_from([1, 3, 5, 7, 9, 11, 13])
BLOCKS = st.sampled_from(
    [BLOCK, BLOCK, REFUSED, MALFORMED, WITH_LENGTH, LARGE_BLOCK, WITH_TABLE, TRAILERS]
)
BODIES = st.sampled_from([b"", b"abc", bytes(1_000), bytes(9_000)])
SIZES = st.sampled_from([0, 1, 100, 65_535, 2**31 - 1])


def settings(number: int, size: int) -> bytes:
    return frames.settings({number: size})


def padded_data(stream: int, padding: int) -> bytes:
    return padded(FrameType.DATA, stream, b"x", padding)


CALLS = st.builds(call, STREAMS, BODIES, BLOCKS)
FRAMES: st.SearchStrategy[bytes] = st.one_of(
    CALLS,
    CALLS,
    st.builds(headers, STREAMS, BLOCKS, end=st.booleans()),
    st.builds(data, STREAMS, BODIES, end=st.booleans()),
    st.builds(padded_data, STREAMS, st.integers(0, 255)),
    st.builds(frames.rst_stream, STREAMS),
    st.builds(frames.window_update, st.just(0) | STREAMS, SIZES),
    st.builds(settings, st.sampled_from([Setting.INITIAL_WINDOW_SIZE, 1]), SIZES),
    st.just(frames.ping()),
    st.just(frames.frame(FrameType.SETTINGS, flags=ACK)),
)
"""Whole frames, and calls of two."""


def rising(sent: list[bytes]) -> list[bytes]:
    """Return frames with the streams of later calls raised, so that most of them are new.

    Every eighth frame on, identifiers are 14 higher.
    """
    risen = []
    for number, frame in enumerate(sent):
        parts = bytearray(frame)
        at = 0
        while at < len(parts):
            stream = int.from_bytes(parts[at + 5 : at + 9], "big")
            if stream:
                parts[at + 5 : at + 9] = (stream + number // 8 * 14).to_bytes(4, "big")
            at += 9 + int.from_bytes(parts[at : at + 3], "big")
        risen.append(bytes(parts))
    return risen
