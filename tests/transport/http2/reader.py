"""A client that is sent answers, and keeps account of its windows as the RFC has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.attacks import frames
from bench.attacks.frames import END_STREAM, Frame, FrameType, Setting
from pannier_server.transport.h2.http2.stream import Stream
from pannier_server.transport.h2.wire.answers import HEAD_BLOCK, OK_BLOCK
from pannier_server.transport.h2.wire.heads import RequestHead
from tests.transport.http2.peer import Peer, initial_window


def body(stream: int, size: int, start: int = 0) -> bytes:
    """Return a part of a stream's body, whose bytes tell where it comes from."""
    return bytes((stream * 37 + at) % 251 for at in range(start, start + size))


@dataclass
class Answer:
    """What a stream is to send, and what the client got of it so far."""

    stream: Stream[RequestHead]
    window: int
    written: bytes = b""
    is_closed: bool = False
    got: list[bytes] = field(default_factory=list)
    has_head: bool = False
    ends: int = 0


class Reader:
    """A client that checks each frame against its windows as it has told them."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.window = 65_535
        self.initial = 65_535
        self.max_frame = 16_384
        self.answers: dict[int, Answer] = {}

    def open(self) -> None:
        number = 2 * len(self.answers) + 1
        self.read(self.peer.open(number, end=True))
        stream = self.peer.connection.streams[number]
        self.answers[number] = Answer(stream, self.initial)
        self.peer.outbox.headers(stream, HEAD_BLOCK)
        self.flush()

    def write(self, number: int, sizes: list[int]) -> None:
        answer = self.answers[number]
        pieces = []
        for size in sizes:
            pieces.append(body(number, size, len(answer.written)))
            answer.written += pieces[-1]
        self.peer.outbox.data(answer.stream, *pieces)
        self.flush()

    def end(self, number: int) -> None:
        self.answers[number].is_closed = True
        self.peer.outbox.end(self.answers[number].stream, OK_BLOCK)
        self.flush()

    def widen(self, number: int, increment: int) -> None:
        if number:
            self.answers[number].window += increment
        else:
            self.window += increment
        self.read(self.peer.send(frames.window_update(number, increment)))

    def change(self, initial: int, max_frame: int) -> None:
        for answer in self.answers.values():
            answer.window += initial - self.initial
        self.initial, self.max_frame = initial, max_frame
        values: Mapping[int, int] = {
            Setting.INITIAL_WINDOW_SIZE: initial,
            Setting.MAX_FRAME_SIZE: max_frame,
        }
        self.read(self.peer.send(frames.settings(values)))

    def congest(self, *, congested: bool) -> None:
        self.peer.outbox.congested = congested
        if not congested:
            self.peer.outbox.pump()
        self.flush()

    def flush(self) -> None:
        self.read(self.peer.received())

    def read(self, received: list[Frame]) -> None:
        for frame in received:
            if frame.stream:
                self._take(self.answers[frame.stream], frame)

    def _take(self, answer: Answer, frame: Frame) -> None:
        assert not answer.ends, "a frame after the end"
        assert len(frame.payload) <= self.max_frame
        assert frame.kind in (FrameType.HEADERS, FrameType.DATA)
        if frame.kind == FrameType.DATA:
            assert answer.has_head
            assert frame.payload, "an empty frame"
            assert not self.peer.outbox.congested, "DATA to a client that does not read"
            answer.window -= len(frame.payload)
            self.window -= len(frame.payload)
            assert answer.window >= 0, "more than the stream's window"
            assert self.window >= 0, "more than the connection's window"
            answer.got.append(frame.payload)
        elif answer.has_head:
            assert frame.flags & END_STREAM
            assert answer.is_closed, "trailers before the application was done"
            assert b"".join(answer.got) == answer.written, "trailers before the body"
            answer.ends += 1
        answer.has_head = True

    def check(self) -> None:
        """Assert that nothing waits that could leave, and that the books are right."""
        outbox = self.peer.outbox
        waiting = 0
        for answer in self.answers.values():
            got = b"".join(answer.got)
            assert got == answer.written[: len(got)]
            unsent = len(answer.written) - len(got)
            waiting += unsent
            assert answer.stream.unsent_bytes == unsent
            if unsent and not outbox.congested:
                assert answer.window <= 0 or self.window == 0, "a frame that could leave waits"
            if answer.is_closed and not unsent:
                assert answer.ends == 1
            if not answer.ends:
                assert answer.stream.send_window == answer.window
        assert outbox.unsent_bytes == waiting
        assert outbox.window == self.window


def share(received: list[Frame]) -> list[int]:
    """Return the streams of DATA frames in order."""
    return [frame.stream for frame in received if frame.kind == FrameType.DATA]


def waiting_peer(count: int, size: int) -> Peer:
    """Return a client to whom so many streams have so much to send, and no window."""
    waiting = Peer(settings=initial_window(0))
    for number in range(count):
        stream = 2 * number + 1
        waiting.open(stream, end=True)
        waiting.outbox.data(waiting.connection.streams[stream], body(stream, size))
    waiting.received()
    return waiting
