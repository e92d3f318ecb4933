"""HTTP/2 frames and gRPC messages as bytes, valid or not: nothing here checks what it makes.

Section numbers are those of RFC 9113 (HTTP/2) unless said.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What a client sends first (section 3.4); a SETTINGS frame follows."""

HEADER_BYTES = 9
DEFAULT_WINDOW = 65_535
"""The flow-control window that a connection and each stream start with (section 6.9.2)."""
LARGEST_WINDOW = 2**31 - 1
LARGEST_FRAME = 16_384
"""The payload that every peer takes (section 4.2)."""

END_STREAM = 0x1
ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8


class FrameType(IntEnum):
    """Section 6."""

    DATA = 0x0
    HEADERS = 0x1
    PRIORITY = 0x2
    RST_STREAM = 0x3
    SETTINGS = 0x4
    PUSH_PROMISE = 0x5
    PING = 0x6
    GOAWAY = 0x7
    WINDOW_UPDATE = 0x8
    CONTINUATION = 0x9


class Setting(IntEnum):
    """Section 6.5.2."""

    HEADER_TABLE_SIZE = 0x1
    ENABLE_PUSH = 0x2
    MAX_CONCURRENT_STREAMS = 0x3
    INITIAL_WINDOW_SIZE = 0x4
    MAX_FRAME_SIZE = 0x5
    MAX_HEADER_LIST_SIZE = 0x6


class ErrorCode(IntEnum):
    """Section 7."""

    NO_ERROR = 0x0
    PROTOCOL_ERROR = 0x1
    INTERNAL_ERROR = 0x2
    FLOW_CONTROL_ERROR = 0x3
    SETTINGS_TIMEOUT = 0x4
    STREAM_CLOSED = 0x5
    FRAME_SIZE_ERROR = 0x6
    REFUSED_STREAM = 0x7
    CANCEL = 0x8
    COMPRESSION_ERROR = 0x9
    CONNECT_ERROR = 0xA
    ENHANCE_YOUR_CALM = 0xB
    INADEQUATE_SECURITY = 0xC
    HTTP_1_1_REQUIRED = 0xD


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that was read."""

    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def ends_stream(self) -> bool:
        """Whether no more comes on its stream after it."""
        if self.kind == FrameType.RST_STREAM:
            return True
        return self.kind <= FrameType.HEADERS and bool(self.flags & END_STREAM)


def frame(kind: int, stream: int = 0, payload: bytes = b"", flags: int = 0) -> bytes:
    """Return any frame (section 4.1)."""
    length = len(payload)
    return struct.pack(">BHBBI", length >> 16, length & 0xFFFF, kind, flags, stream) + payload


def take_frames(buffer: bytearray) -> Iterator[Frame]:
    """Take the whole frames from the front of ``buffer``, and leave the rest in it."""
    start = 0
    while len(buffer) - start >= HEADER_BYTES:
        high, low, kind, flags, stream = struct.unpack_from(">BHBBI", buffer, start)
        end = start + HEADER_BYTES + (high << 16) + low
        if end > len(buffer):
            break
        yield Frame(kind, flags, stream & LARGEST_WINDOW, bytes(buffer[start + HEADER_BYTES : end]))
        start = end
    del buffer[:start]


def settings(values: Mapping[int, int] | None = None) -> bytes:
    """Return a SETTINGS frame (section 6.5)."""
    pairs = (values or {}).items()
    return frame(FrameType.SETTINGS, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))


def setting_values(payload: bytes) -> dict[int, int]:
    """Return what a SETTINGS frame says."""
    return dict(struct.iter_unpack(">HI", payload))


def headers(stream: int, block: bytes, flags: int = END_HEADERS) -> bytes:
    """Return a HEADERS frame (section 6.2)."""
    return frame(FrameType.HEADERS, stream, block, flags)


def header_frames(stream: int, block: bytes, flags: int = 0) -> bytes:
    """Return a block of any size as HEADERS and as many CONTINUATION frames as it takes."""
    parts = [block[at : at + LARGEST_FRAME] for at in range(0, len(block), LARGEST_FRAME)]
    made = [headers(stream, parts[0], flags)]
    made += [frame(FrameType.CONTINUATION, stream, part) for part in parts[1:]]
    last = bytearray(made[-1])
    last[4] |= END_HEADERS
    return b"".join([*made[:-1], bytes(last)])


def data(stream: int, payload: bytes = b"", flags: int = 0) -> bytes:
    """Return a DATA frame (section 6.1)."""
    return frame(FrameType.DATA, stream, payload, flags)


def rst_stream(stream: int, code: int = ErrorCode.CANCEL) -> bytes:
    """Return an RST_STREAM frame (section 6.4)."""
    return frame(FrameType.RST_STREAM, stream, struct.pack(">I", code))


def window_update(stream: int, increment: int) -> bytes:
    """Return a WINDOW_UPDATE frame (section 6.9)."""
    return frame(FrameType.WINDOW_UPDATE, stream, struct.pack(">I", increment))


def ping(opaque: bytes = bytes(8), flags: int = 0) -> bytes:
    """Return a PING frame (section 6.7)."""
    return frame(FrameType.PING, 0, opaque, flags)


def goaway(last_stream: int = 0, code: int = ErrorCode.NO_ERROR) -> bytes:
    """Return a GOAWAY frame (section 6.8)."""
    return frame(FrameType.GOAWAY, 0, struct.pack(">II", last_stream, code))


def priority(stream: int, parent: int = 0, weight: int = 15) -> bytes:
    """Return a PRIORITY frame (section 6.3)."""
    return frame(FrameType.PRIORITY, stream, struct.pack(">IB", parent, weight))


def message(payload: bytes, *, compressed: bool = False, size: int | None = None) -> bytes:
    """Return a message with its prefix (gRPC's PROTOCOL-HTTP2, "Length-Prefixed-Message").

    Args:
        payload: The message, or what of it is sent.
        compressed: Whether the prefix says so.
        size: The length that the prefix announces; by default the true one.
    """
    return struct.pack(">BI", compressed, len(payload) if size is None else size) + payload
