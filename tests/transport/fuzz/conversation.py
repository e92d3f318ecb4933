"""Random conversations of a client with a server: valid ones, and what becomes of them."""

import random
from collections.abc import Callable

import hpack

from bench.attacks import frames
from bench.attacks.frames import ACK, END_HEADERS, END_STREAM, FrameType, Setting, message
from pannier_server.transport.h2.wire.messages import compress
from tests.transport.fuzz.methods import METHODS
from tests.transport.http2.peer import data, headers, initial_window, padded
from tests.transport.serving.servers import path

Sent = list[bytes]
"""Frames of a client, in order."""

_WINDOWS = [0, 1, 100, 65_535, 1_000_000, 2**31 - 1]
_TIMEOUTS = [b"1H", b"10S", b"1m", b"1n", b"0S", b"soon", b""]
_SIZES = [0, 1, 20, 1_000, 8_000]
_MORE_FIELDS = [
    (b"x-note", b"value"),
    (b"x-note", b"\x0cgrpc-timeout\x021S"),
    (b"x-note", b"\x0cgrpc-timeout"),
    (b"x-bin", b"AAEC"),
    (b"x-bin", b"?"),
    (b"x-long", b"v" * 2_000),
    (b"grpc-accept-encoding", b"identity,gzip"),
    (b"content-length", b"5"),
    (b"connection", b"close"),
]
_MISPLACED_BYTES = [0, 1, 3, 5, 9, 200]


class Client:
    """Makes up what a valid client sends."""

    def __init__(self, rnd: random.Random) -> None:
        self._rnd = rnd
        self._encoder = hpack.Encoder()
        if rnd.random() < 0.6:
            self._encoder.header_table_size = rnd.choice([0, 0, 200])
        self._huffman = rnd.random() < 0.5
        self._next = 1
        self._open: list[int] = []
        # Clients make the same calls again and again, but for their timeouts.
        self._heads = [self._fields() for _ in range(3)]

    def conversation(self) -> Sent:
        """Return a preface, and frames of some calls that go on at the same time."""
        first = initial_window(self._rnd.choice(_WINDOWS[2:]))
        sent = [frames.PREFACE, frames.settings(first)]
        if self._rnd.random() < 0.8:
            sent.append(frames.frame(FrameType.SETTINGS, flags=ACK))
        for number in range(self._rnd.randrange(1, 40)):
            sent += self._step()
            if number in (7, 14):
                # By now the server has asked for blocks without a table.
                sent.append(frames.frame(FrameType.SETTINGS, flags=ACK))
        return sent

    def _step(self) -> Sent:
        steps: list[Callable[[], Sent]] = [self._call, self._call, self._begin, self._control]
        if self._open:
            steps += [self._go_on, self._go_on, self._cancel]
        return self._rnd.choice(steps)()

    def _call(self) -> Sent:
        """Return a call in one piece."""
        return [self._head(), data(self._newest, self._body(), end=True)]

    def _begin(self) -> Sent:
        head = self._head()
        self._open.append(self._newest)
        return [head]

    def _go_on(self) -> Sent:
        stream = self._rnd.choice(self._open)
        body = self._body()
        cut = self._rnd.randrange(len(body) + 1)
        sent = [data(stream, body[:cut]), data(stream, body[cut:])]
        if self._rnd.random() < 0.5:
            self._open.remove(stream)
            sent.append(data(stream, end=True))
        if self._rnd.random() < 0.2:
            sent.insert(0, padded(FrameType.DATA, stream, b"", self._rnd.randrange(256)))
        return sent

    def _cancel(self) -> Sent:
        stream = self._rnd.choice(self._open)
        self._open.remove(stream)
        return [frames.rst_stream(stream)]

    def _control(self) -> Sent:
        rnd = self._rnd
        stream = rnd.choice([0, *self._open])
        makers: list[Callable[[], bytes]] = [
            frames.ping,
            lambda: frames.ping(flags=ACK),
            lambda: frames.priority(rnd.randrange(1, 99)),
            lambda: frames.window_update(stream, rnd.choice([1, 1_000, 100_000])),
            lambda: frames.settings(initial_window(rnd.choice(_WINDOWS))),
            lambda: frames.settings({Setting.MAX_FRAME_SIZE: rnd.choice([16_384, 100_000])}),
            lambda: frames.settings({Setting.HEADER_TABLE_SIZE: rnd.choice([0, 4_096])}),
            lambda: frames.frame(FrameType.SETTINGS, flags=ACK),
            lambda: frames.frame(0xFA, stream, b"unknown"),
        ]
        return [rnd.choice(makers)()]

    @property
    def _newest(self) -> int:
        return self._next - 2

    def _head(self) -> bytes:
        """Return the head of a call on a new stream."""
        rnd = self._rnd
        stream, self._next = self._next, self._next + 2
        fields = list(rnd.choice(self._heads)) if rnd.random() < 0.8 else self._fields()
        if rnd.random() < 0.5:
            timeout = (b"grpc-timeout", rnd.choice(_TIMEOUTS))
            fields.insert(rnd.choice([5, len(fields)]), timeout)
        block = self._encoder.encode(fields, huffman=self._huffman)
        if rnd.random() < 0.9:
            return headers(stream, block)
        cut = rnd.randrange(len(block) + 1)
        return continued(stream, block[:cut], block[cut:])

    def _fields(self) -> list[tuple[bytes, bytes]]:
        """Return the header list of a call without a timeout."""
        rnd = self._rnd
        fields = [
            (b":method", b"POST" if rnd.random() < 0.95 else b"GET"),
            (b":scheme", b"http"),
            (b":path", path(rnd.choice(METHOD_NAMES)).encode()),
            (b"content-type", b"application/grpc" if rnd.random() < 0.95 else b"text/html"),
            (b"te", b"trailers"),
        ]
        if rnd.random() < 0.3:
            fields.append((b"grpc-encoding", rnd.choice([b"gzip", b"gzip", b"snappy"])))
        if rnd.random() < 0.3:
            fields.append(rnd.choice(_MORE_FIELDS))
        return fields

    def _body(self) -> bytes:
        rnd = self._rnd
        text = bytes(rnd.choice(_SIZES))
        if rnd.random() < 0.1:
            return message(compress(text), compressed=True)
        return message(text) * rnd.choice([1, 1, 1, 1, 0, 2])


def continued(stream: int, *parts: bytes) -> bytes:
    """Return a header block in so many frames."""
    first, *more, last = parts
    made = [frames.headers(stream, first, 0)]
    made += [frames.frame(FrameType.CONTINUATION, stream, part) for part in more]
    made.append(frames.frame(FrameType.CONTINUATION, stream, last, END_HEADERS))
    return b"".join(made)


METHOD_NAMES = [*METHODS, "unknown"]


def mutated(rnd: random.Random, sent: Sent) -> Sent:
    """Return a conversation with some of its frames changed, dropped, doubled or moved."""
    sent = list(sent)
    for _ in range(rnd.choice([1, 1, 2, 3, 10])):
        at = rnd.randrange(len(sent))
        match rnd.randrange(8):
            case 0:
                del sent[at]
            case 1:
                sent.insert(at, sent[at])
            case 2:
                other = rnd.randrange(len(sent))
                sent[at], sent[other] = sent[other], sent[at]
            case 3:
                sent.insert(at, random_frame(rnd))
            case _:
                sent[at] = changed(rnd, sent[at])
        sent = sent or [b""]
    return sent


def random_frame(rnd: random.Random) -> bytes:
    """Return a frame of any type, flags, stream and payload."""
    payload = rnd.randbytes(rnd.choice([0, 0, 4, 5, 6, 8, 20]))
    flags = rnd.choice([0, 1, 4, 5, 8, 0x20, rnd.randrange(256)])
    stream = rnd.choice([0, 1, 2, 3, 5, 99, 2**31 - 1, 2**31 + 1])
    return frames.frame(rnd.choice([*range(11), 0xFA]), stream, payload, flags)


def changed(rnd: random.Random, frame: bytes) -> bytes:
    """Return a frame with a few bits or bytes of it changed."""
    raw = bytearray(frame or b"\0")
    at = rnd.randrange(len(raw))
    match rnd.randrange(6):
        case 0:
            raw[at] ^= 1 << rnd.randrange(8)
        case 1:
            raw[at] = rnd.randrange(256)
        case 2 if len(raw) >= 9:
            raw[4] ^= rnd.choice([END_STREAM, 4, 8, 0x20])
        case 3 if len(raw) >= 9:
            raw[5:9] = rnd.randrange(9).to_bytes(4, "big")
        case 4 if len(raw) > 9:
            return shortened(rnd, bytes(raw))
        case _:
            del raw[at : at + rnd.choice(_MISPLACED_BYTES)]
    return bytes(raw)


def shortened(rnd: random.Random, frame: bytes) -> bytes:
    """Return a frame with less payload, and a length that says so."""
    payload = frame[9 : rnd.randrange(9, len(frame))]
    return len(payload).to_bytes(3, "big") + frame[3:9] + payload


def cut(rnd: random.Random, sent: bytes) -> Sent:
    """Return bytes as a network might hand them over."""
    if rnd.random() < 0.3:
        return [sent]
    longest = rnd.choice([10, 300, 5_000, 70_000])
    pieces = []
    at = 0
    while at < len(sent):
        size = rnd.randrange(1, longest + 1)
        pieces.append(sent[at : at + size])
        at += size
    return pieces
