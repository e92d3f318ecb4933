"""SETTINGS: what the peer tells, checked (RFC 9113 section 6.5.2)."""

from dataclasses import dataclass
from struct import Struct
from typing import Final

from pannier_server.transport.h2.http2.errors import ConnectionFault, ErrorCode
from pannier_server.transport.h2.http2.frames import (
    DEFAULT_MAX_FRAME,
    DEFAULT_TABLE,
    DEFAULT_WINDOW,
    LARGEST_MAX_FRAME,
    MAX_WINDOW,
)

HEADER_TABLE_SIZE: Final = 0x1
ENABLE_PUSH: Final = 0x2
MAX_CONCURRENT_STREAMS: Final = 0x3
INITIAL_WINDOW_SIZE: Final = 0x4
MAX_FRAME_SIZE: Final = 0x5
MAX_HEADER_LIST_SIZE: Final = 0x6

_SETTING: Final = Struct(">HL")


@dataclass(slots=True)
class PeerSettings:
    """What the peer wants of the frames that it is sent.

    Attributes:
        initial_window: The send window of a new stream, in bytes.
        max_frame: The largest frame payload, in bytes.
        smallest_table: The smallest table of HPACK that it has asked for so far, in bytes.
    """

    initial_window: int = DEFAULT_WINDOW
    max_frame: int = DEFAULT_MAX_FRAME
    smallest_table: int = DEFAULT_TABLE

    def update(self, payload: bytes) -> None:
        """Take a SETTINGS frame's payload; identifiers that are not known are ignored.

        Raises:
            ConnectionFault: A value is not allowed, or the length no multiple of 6.
        """
        if len(payload) % _SETTING.size:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS of a wrong length")
        for number, value in _SETTING.iter_unpack(payload):
            self._set(number, value)

    def _set(self, number: int, value: int) -> None:
        if number == INITIAL_WINDOW_SIZE:
            if value > MAX_WINDOW:
                raise ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, "SETTINGS: window too large")
            self.initial_window = value
        elif number == MAX_FRAME_SIZE:
            if not DEFAULT_MAX_FRAME <= value <= LARGEST_MAX_FRAME:
                raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "SETTINGS: frame size not allowed")
            self.max_frame = value
        elif number == HEADER_TABLE_SIZE:
            self.smallest_table = min(self.smallest_table, value)
        elif number == ENABLE_PUSH and value > 1:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "SETTINGS: ENABLE_PUSH not 0 or 1")
