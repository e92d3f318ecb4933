"""The body of a request on its way in: its messages, and the window that they take up."""

from collections import deque
from typing import Any

from pannier_server.transport.h2.http2.connection import Connection
from pannier_server.transport.h2.http2.stream import Stream
from pannier_server.transport.h2.limits import Limits
from pannier_server.transport.h2.wire.heads import RequestHead
from pannier_server.transport.h2.wire.messages import MessageReader

# The peer may go on sending while less than this waits for the handler.
_UNREAD_BYTES = 256 * 1024
# What a message takes beside its bytes. Without it, empty messages would take no room at all.
_MESSAGE_BYTES = 64


class RequestBody:
    """The messages of one stream that nobody has taken yet.

    Attributes:
        messages: Complete ones, oldest first; take them by `pop`.
    """

    __slots__ = (
        "_completed",
        "_connection",
        "_looked",
        "_reader",
        "_stream",
        "_unread_bytes",
        "_withheld",
        "messages",
    )

    def __init__(
        self, connection: Connection[Any], stream: Stream[RequestHead], limits: Limits
    ) -> None:
        """Read the messages of a stream, within the limits of messages."""
        self.messages: deque[bytes] = deque()
        self._connection = connection
        self._stream = stream
        self._unread_bytes = 0
        self._withheld = 0
        self._completed = 0
        # The number of messages when the sweep first saw it, and when that was.
        self._looked = (-1, 0.0)
        self._reader = MessageReader(
            limits.max_message_bytes,
            decompresses=stream.head.gzipped,
            max_decompressed_bytes=limits.max_decompressed_bytes,
        )

    @property
    def is_partial(self) -> bool:
        """The last message is not complete."""
        return self._reader.held > 0

    @property
    def held_bytes(self) -> int:
        """Bytes of messages, complete or not, that nobody has taken."""
        return self._unread_bytes + self._reader.held

    def waited(self, now: float) -> float:
        """Return for how long no message was completed, on the clock of the sweep.

        That is not counted while the peer may not send, as the handler is far behind.
        """
        completed, since = self._looked
        if completed != self._completed or self._withheld:
            self._looked = (self._completed, now)
            return 0.0
        return now - since

    def take(self, data: bytes) -> None:
        """Take a piece of the body.

        Raises:
            MessageRefused: It is not what a request may have.
        """
        for message in self._reader.feed(data):
            self.messages.append(message)
            self._unread_bytes += len(message) + _MESSAGE_BYTES
            self._completed += 1
        self._withheld += len(data)
        self._return_window()

    def pop(self) -> bytes:
        """Return the oldest message."""
        message = self.messages.popleft()
        self._unread_bytes -= len(message) + _MESSAGE_BYTES
        self._return_window()
        return message

    def _return_window(self) -> None:
        """Let the peer send more unless the handler is far behind.

        An incomplete message gets the window that it needs: the largest message bounds it.
        """
        if self._withheld and self._unread_bytes < _UNREAD_BYTES:
            withheld, self._withheld = self._withheld, 0
            self._connection.give_back(self._stream, withheld)
