"""An application for tests of connections: it notes what it is told, and echoes if asked to."""

from pannier_server.transport.h2.http2.connection import Connection
from pannier_server.transport.h2.http2.stream import Stream
from pannier_server.transport.h2.wire.answers import (
    HEAD_BLOCK,
    OK_BLOCK,
    trailers_only_block,
    unary_answer,
)
from pannier_server.transport.h2.wire.heads import RequestHead
from pannier_server.transport.h2.wire.messages import PREFIX_BYTES, prefix

REFUSED_PATH = "/refused"
"""Requests for it are answered before their body has come."""

UNIMPLEMENTED = 12


class Request:
    """A request that has a stream, and what its receiver was told.

    Attributes:
        stream: Its stream.
        head: Its head.
        pieces: The pieces of its body.
        events: What else happened to it, in order: ``ended``, ``lost``, ``writable``, ``sent``.
    """

    def __init__(self, application: "RecordingApplication", stream: Stream[RequestHead]) -> None:
        self.stream = stream
        self.head = stream.head
        self.pieces: list[bytes] = []
        self.events: list[str] = []
        self._application = application

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def is_over(self) -> bool:
        return "ended" in self.events or "lost" in self.events

    def received(self, data: bytes) -> None:
        assert data, "an empty piece of a body"
        assert not self.is_over, "a piece of a body after its end"
        self.pieces.append(data)
        if self._application.reads:
            self._application.connection.give_back(self.stream, len(data))

    def ended(self) -> None:
        assert not self.is_over, "a second end"
        self.events.append("ended")
        if self._application.echoes:
            self._application.echo(self.stream, self.body)

    def lost(self) -> None:
        assert "lost" not in self.events, "lost twice"
        assert "sent" not in self.events, "lost after all was sent"
        self.events.append("lost")

    def writable(self) -> None:
        assert "lost" not in self.events, "writable after it was lost"
        assert "sent" not in self.events, "writable after all was sent"
        self.events.append("writable")

    def sent(self) -> None:
        assert "lost" not in self.events, "sent after it was lost"
        assert "sent" not in self.events, "sent twice"
        self.events.append("sent")


class RecordingApplication:
    """Notes requests, and answers them if told to.

    Attributes:
        connection: The connection that it serves.
        requests: Those that got a stream.
        whole: The streams of those that came whole and were answered without one.
        started: The streams whose answer has begun, for those who write it in pieces.
    """

    connection: Connection[RequestHead]

    def __init__(self, *, echoes: bool = False, reads: bool = True) -> None:
        """Serve a connection that is set later.

        Args:
            echoes: Whether to answer with the body of the request.
            reads: Whether to give the bytes of a body back to the window of its stream at once.
        """
        self.echoes = echoes
        self.reads = reads
        self.requests: list[Request] = []
        self.whole: list[int] = []
        self.started: set[int] = set()

    def __getitem__(self, stream_id: int) -> Request:
        """Return the newest request of a stream."""
        return next(
            request for request in reversed(self.requests) if request.stream.id == stream_id
        )

    def answer_at_once(
        self, stream_id: int, head: RequestHead, timeout: float | None, body: bytes
    ) -> bool:
        if not self.echoes or head.path == REFUSED_PATH:
            return False
        self.whole.append(stream_id)
        if self._answer_in_one_piece(stream_id, body):
            return True
        self._answer_in_pieces(self.connection.adopt(stream_id, head, timeout), body)
        return True

    def open(self, stream: Stream[RequestHead]) -> Request | None:
        if stream.head.path == REFUSED_PATH:
            block = trailers_only_block(UNIMPLEMENTED, "no such method")
            self.connection.answer_with_head(stream.id, stream, block, is_refusal=True)
            return None
        request = Request(self, stream)
        self.requests.append(request)
        return request

    def echo(self, stream: Stream[RequestHead], body: bytes) -> None:
        """Answer a request that has a stream."""
        if self._answer_in_one_piece(stream.id, body):
            self.connection.finished(stream)
        else:
            self._answer_in_pieces(stream, body)

    def _answer_in_one_piece(self, stream_id: int, body: bytes) -> bool:
        outbox = self.connection.outbox
        if not outbox.claim(len(body) + PREFIX_BYTES):
            return False
        outbox.frames.append(unary_answer(stream_id, body))
        return True

    def _answer_in_pieces(self, stream: Stream[RequestHead], body: bytes) -> None:
        outbox = self.connection.outbox
        outbox.headers(stream, HEAD_BLOCK)
        outbox.data(stream, prefix(len(body)), body)
        outbox.end(stream, OK_BLOCK)
