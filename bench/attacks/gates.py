"""What holds an attack's connection back: some attacks work only while they keep the rules."""

from collections.abc import Sequence
from typing import Protocol

from bench.attacks.frames import (
    ACK,
    DEFAULT_WINDOW,
    Frame,
    FrameType,
    Setting,
    setting_values,
)


class Gate(Protocol):
    """Sees every frame that the server sends on one connection."""

    def allowed(self, wanted: int) -> int:
        """Return how many bytes of volleys may have been sent by now, ``wanted`` or fewer."""

    @property
    def spent(self) -> bool:
        """Whether the connection has no more use and is to be replaced."""

    def received(self, frame: Frame) -> None:
        """Take note of a frame."""


class Calls:
    """Starts a call when fewer than so many are running and the connection's window has room."""

    spent = False

    def __init__(self, call: bytes, in_flight: int, body: int = 0) -> None:
        """Let volleys of calls through.

        Args:
            call: One of them; all have its size.
            in_flight: How many may run at a time.
            body: Bytes of its DATA frames that count against the window; 0: the window
                is not looked at.
        """
        self._call_bytes = len(call)
        self._in_flight = in_flight
        self._body = body
        self._window = DEFAULT_WINDOW
        self._ended: set[int] = set()

    def allowed(self, wanted: int) -> int:
        """Return the size of all calls that may have been started, ``wanted`` at most."""
        calls = len(self._ended) + self._in_flight
        if self._body:
            calls = min(calls, self._window // self._body)
        return min(calls * self._call_bytes, wanted)

    def received(self, frame: Frame) -> None:
        """Count calls that ended and windows that grew."""
        if frame.ends_stream:
            self._ended.add(frame.stream)
        elif frame.kind == FrameType.WINDOW_UPDATE and frame.stream == 0:
            self._window += int.from_bytes(frame.payload, "big")


class WhileOpen:
    """Lets everything through until the server has ended half of the streams."""

    def __init__(self, streams: Sequence[int]) -> None:
        """Watch ``streams``."""
        self._open = set(streams)
        self._enough = len(streams) // 2

    @property
    def spent(self) -> bool:
        """Whether half of the streams have ended."""
        return len(self._open) <= self._enough

    def allowed(self, wanted: int) -> int:
        """Return ``wanted``."""
        return wanted

    def received(self, frame: Frame) -> None:
        """Take note of a stream's end."""
        if frame.ends_stream:
            self._open.discard(frame.stream)


class Windows(WhileOpen):
    """Keeps to all flow-control windows (RFC 9113, section 5.2) with DATA on many streams.

    The volleys consist of units of one size, each for the next stream in turn.
    """

    def __init__(self, streams: Sequence[int], unit: bytes, body: int) -> None:
        """Let units through.

        Args:
            streams: The streams in turn; they are opened before.
            unit: One of the units.
            body: The payload of its DATA frames in bytes.
        """
        super().__init__(streams)
        self._streams = streams
        self._unit_bytes = len(unit)
        self._body = body
        self._initial = DEFAULT_WINDOW
        self._connection = DEFAULT_WINDOW
        self._windows = dict.fromkeys(streams, DEFAULT_WINDOW)
        self._units = 0

    def allowed(self, wanted: int) -> int:
        """Return the size of all units that fit the windows, up to about ``wanted``."""
        while self._units * self._unit_bytes < wanted and self._connection >= self._body:
            stream = self._streams[self._units % len(self._streams)]
            if self._windows[stream] < self._body:
                break
            self._windows[stream] -= self._body
            self._connection -= self._body
            self._units += 1
        return min(self._units * self._unit_bytes, wanted)

    def received(self, frame: Frame) -> None:
        """Take note of windows that grew and streams that ended."""
        super().received(frame)
        if frame.kind == FrameType.WINDOW_UPDATE:
            increment = int.from_bytes(frame.payload, "big")
            if frame.stream == 0:
                self._connection += increment
            elif frame.stream in self._windows:
                self._windows[frame.stream] += increment
        elif frame.kind == FrameType.SETTINGS and not frame.flags & ACK:
            self._change_initial(setting_values(frame.payload))

    def _change_initial(self, values: dict[int, int]) -> None:
        """Change all windows by what the initial one changes (section 6.9.2)."""
        initial = values.get(Setting.INITIAL_WINDOW_SIZE, self._initial)
        for stream in self._windows:
            self._windows[stream] += initial - self._initial
        self._initial = initial
