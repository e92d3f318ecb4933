"""Frames: their types and flags, and the bytes of those that a server sends (RFC 9113 section 6).

Types and flags are plain integers, because comparing them is part of the cost of a call.
"""

from collections.abc import Iterable
from struct import Struct
from typing import Final

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What a client's connection starts with (section 3.4)."""

HEADER_BYTES: Final = 9

DATA: Final = 0x0
HEADERS: Final = 0x1
PRIORITY: Final = 0x2
RST_STREAM: Final = 0x3
SETTINGS: Final = 0x4
PUSH_PROMISE: Final = 0x5
PING: Final = 0x6
GOAWAY: Final = 0x7
WINDOW_UPDATE: Final = 0x8
CONTINUATION: Final = 0x9

END_STREAM: Final = 0x1
ACK: Final = 0x1
END_HEADERS: Final = 0x4
PADDED: Final = 0x8
PRIORITIZED: Final = 0x20

MAX_WINDOW: Final = 2**31 - 1
DEFAULT_WINDOW: Final = 65_535
DEFAULT_MAX_FRAME: Final = 16_384
LARGEST_MAX_FRAME: Final = 2**24 - 1
DEFAULT_TABLE: Final = 4_096

FRAME_HEADER: Final = Struct(">HBBBl")
"""A frame's header: the length's upper 16 and lower 8 bits, type, flags, stream.

The stream is negative where its reserved bit is set.
"""

_LONG: Final = Struct(">L")
_TWO_LONGS: Final = Struct(">LL")
_SETTING: Final = Struct(">HL")


def frame_header(length: int, kind: int, flags: int, stream_id: int) -> bytes:
    """Return a frame's header."""
    return FRAME_HEADER.pack(length >> 8, length & 0xFF, kind, flags, stream_id)


def frame(kind: int, flags: int, stream_id: int, payload: bytes) -> bytes:
    """Return a whole frame."""
    return frame_header(len(payload), kind, flags, stream_id) + payload


def settings_frame(settings: Iterable[tuple[int, int]]) -> bytes:
    """Return a SETTINGS frame of identifiers and values."""
    payload = b"".join(_SETTING.pack(number, value) for number, value in settings)
    return frame(SETTINGS, 0, 0, payload)


SETTINGS_ACK: Final = frame(SETTINGS, ACK, 0, b"")


def ping_frame(opaque: bytes) -> bytes:
    """Return a PING with 8 bytes of its sender's choice."""
    return frame(PING, 0, 0, opaque)


def ping_ack_frame(opaque: bytes) -> bytes:
    """Return the answer to a PING."""
    return frame(PING, ACK, 0, opaque)


def goaway_frame(last_stream_id: int, code: int, reason: str = "") -> bytes:
    """Return a GOAWAY: the last stream that is served, and why."""
    payload = _TWO_LONGS.pack(last_stream_id, code) + reason.encode()
    return frame(GOAWAY, 0, 0, payload)


def rst_stream_frame(stream_id: int, code: int) -> bytes:
    """Return an RST_STREAM."""
    return frame(RST_STREAM, 0, stream_id, _LONG.pack(code))


def window_update_frame(stream_id: int, increment: int) -> bytes:
    """Return a WINDOW_UPDATE, of the connection where ``stream_id`` is 0."""
    return frame(WINDOW_UPDATE, 0, stream_id, _LONG.pack(increment))
