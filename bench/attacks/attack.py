"""What an attack is: bytes to send, on how many connections, how fast, and what is read."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Self

from bench.attacks import frames, header_blocks
from bench.attacks.gates import Gate

EVERYTHING = -1
"""Of `Attack.reads`: whatever has come, as soon as it has come."""


@dataclass(frozen=True, slots=True)
class Volley:
    """Bytes to send, and how many frames and new streams are in them."""

    data: bytes = b""
    frames: int = 0
    streams: int = 0

    @classmethod
    def of(cls, *parts: bytes) -> Self:
        """Join whole frames, perhaps with the preface before them, and count them."""
        data = b"".join(parts)
        at = len(frames.PREFACE) if data.startswith(frames.PREFACE) else 0
        total = streams = 0
        while at < len(data):
            streams += data[at + 3] == frames.FrameType.HEADERS
            total += 1
            at += frames.HEADER_BYTES + int.from_bytes(data[at : at + 3], "big")
        return cls(data, total, streams)


def greeting(*parts: bytes, settings: dict[int, int] | None = None) -> Volley:
    """Return the preface with the client's settings, and ``parts`` after them."""
    return Volley.of(frames.PREFACE, frames.settings(settings), *parts)


@dataclass(frozen=True)
class Target:
    """The valid calls that attacks make.

    Attributes:
        authority: HOST:PORT of the server.
        path: ``/service/method``.
        small: A request whose answer is small.
        large: A request whose answer is hundreds of KiB.
        streams: How many streams a connection of an attack opens before it is replaced,
            where the attack opens new ones all the time.
    """

    authority: bytes
    path: bytes
    small: bytes
    large: bytes
    streams: int = 50_000

    @cached_property
    def block(self) -> bytes:
        """The header block of a call."""
        return header_blocks.request(self.path, self.authority)

    def call(self, stream: int, *, large: bool = False) -> bytes:
        """Return a whole valid call."""
        body = frames.message(self.large if large else self.small)
        return self.opened(stream) + frames.data(stream, body, frames.END_STREAM)

    def opened(self, stream: int) -> bytes:
        """Return the headers of a call whose message is yet to come."""
        return frames.headers(stream, self.block)

    def for_each_stream(
        self, made: Callable[[int], bytes], *, first: int = 1, streams: int | None = None
    ) -> bytes:
        """Join ``made(stream)`` of `streams` client streams from ``first`` on."""
        return b"".join(map(made, stream_ids(streams or self.streams, first)))


def stream_ids(streams: int, first: int = 1) -> range:
    """Return the ids of a client's streams, which are odd (RFC 9113, section 5.1.1)."""
    return range(first, first + 2 * streams, 2)


@dataclass(frozen=True)
class Attack:
    """One attack; `assault` runs it.

    Attributes:
        opening: Sent once on each connection.
        volley: Sent after it, again and again.
        repeats: After how many volleys a connection is replaced by a new one; None: when
            the server throws it out.
        connections: Held open at a time.
        piece: At most how many bytes of the volleys are sent in one ``pause``; 0: as many
            as the socket takes.
        pause: Seconds between pieces, and between reads that are limited.
        reads: How many bytes are read in one ``pause``: `EVERYTHING`, or 0 for nothing ever.
        receive_buffer: The kernel's receive buffer in bytes; None for its default.
        lasts: Seconds after which a connection is replaced by a new one.
        gate: Makes what holds a connection back until the server has answered.
    """

    opening: Volley = field(default_factory=greeting)
    volley: Volley = field(default_factory=Volley)
    repeats: int | None = None
    connections: int = 1
    piece: int = 0
    pause: float = 0.1
    reads: int = EVERYTHING
    receive_buffer: int | None = None
    lasts: float | None = None
    gate: Callable[[], Gate] | None = None


def repeated(part: bytes, *, at_least: int = 65_536) -> bytes:
    """Repeat frames until a single write carries at least so many bytes."""
    return part * -(-at_least // len(part))


def numbered(make: Callable[[int], bytes], *, at_least: int = 65_536) -> bytes:
    """Join ``make(0)``, ``make(1)``, … to at least so many bytes."""
    made = bytearray()
    for number in count():
        if len(made) >= at_least:
            return bytes(made)
        made += make(number)
    raise AssertionError
