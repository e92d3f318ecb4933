"""One stream: a request that came in and the answer that goes out."""

from collections import deque
from typing import Generic, Protocol, TypeVar


class RequestHead(Protocol):
    """What a connection wants to know about a request's header list.

    Attributes:
        malformed: What breaks RFC 9113 section 8 about it; None where it is well.
        content_length: Its ``content-length``; None where it has none.
    """

    malformed: str | None
    content_length: int | None


Head = TypeVar("Head", bound=RequestHead)


class Receiver(Protocol):
    """What takes a request's body and is told how its stream fares."""

    def received(self, data: bytes) -> None:
        """Take a piece of the body, never empty.

        Its bytes come back to the stream's window by `Connection.give_back`.
        """

    def ended(self) -> None:
        """Take the end of the request."""

    def lost(self) -> None:
        """Learn that the peer, or a fault of its, has ended the stream; nothing can be sent."""

    def writable(self) -> None:
        """Learn that everything has left that was waiting for the peer's windows."""

    def sent(self) -> None:
        """Learn that the whole answer has left, which is the last that it hears."""


class Stream(Generic[Head]):
    """A stream that is open or half-closed; those that are idle or closed have no object.

    Attributes:
        id: Its identifier.
        head: Its request's head.
        timeout: Seconds that the call may take from `opened` on; None without a deadline.
        opened: When its request's head came, on the loop's clock.
        receiver: What takes its body; None once the stream is over, because most receivers
            refer to their stream, and a circle keeps both and their messages in memory.
        remote_ended: The peer has ended its half (half-closed (remote)).
        receive_window: What the peer may still send, in bytes.
        unreturned: Bytes received that were not given back to that window yet.
        body_bytes: Bytes of content received.
        send_window: What may still be sent to the peer; negative after its SETTINGS shrank it.
        unsent: Pieces of the body that wait for windows.
        unsent_bytes: Their length.
        trailers: The header block that ends the answer once nothing is unsent; None before.
        stalled_since: When the sweep first saw that it cannot send, on the loop's clock.
    """

    __slots__ = (
        "body_bytes",
        "head",
        "id",
        "opened",
        "receive_window",
        "receiver",
        "remote_ended",
        "send_window",
        "stalled_since",
        "timeout",
        "trailers",
        "unreturned",
        "unsent",
        "unsent_bytes",
    )

    def __init__(
        self,
        stream_id: int,
        head: Head,
        timeout: float | None,
        *,
        opened: float,
        receive_window: int,
        send_window: int,
    ) -> None:
        """Open a stream for a request."""
        self.id = stream_id
        self.head = head
        self.timeout = timeout
        self.opened = opened
        self.receiver: Receiver | None = None
        self.remote_ended = False
        self.receive_window = receive_window
        self.unreturned = 0
        self.body_bytes = 0
        self.send_window = send_window
        self.unsent: deque[bytes | memoryview] = deque()
        self.unsent_bytes = 0
        self.trailers: bytes | None = None
        self.stalled_since: float | None = None
