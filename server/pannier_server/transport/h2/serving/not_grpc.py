"""Requests of plain HTTP, which get an answer of plain HTTP."""

from typing import TYPE_CHECKING

from pannier_server.transport.h2.http2.stream import Stream
from pannier_server.transport.h2.wire.heads import Refusal, RequestHead

if TYPE_CHECKING:
    from pannier_server.transport.h2.serving.protocol import ServerProtocol


class NotGrpc:
    """A request that is not gRPC's; it is answered once it is complete."""

    __slots__ = ("_protocol", "_refusal", "_stream")

    def __init__(
        self, protocol: "ServerProtocol", stream: Stream[RequestHead], refusal: Refusal
    ) -> None:
        """Take the request's stream, and what is wrong with it."""
        self._protocol = protocol
        self._stream = stream
        self._refusal = refusal

    def received(self, data: bytes) -> None:
        """Let the client send on; nothing is kept."""
        self._protocol.connection.give_back(self._stream, len(data))

    def ended(self) -> None:
        """Answer."""
        self._protocol.answer_in_http(self._stream, self._refusal)

    def lost(self) -> None:
        """Do nothing: there is no work behind it."""

    def writable(self) -> None:
        """Do nothing: nobody waits to send more."""

    def sent(self) -> None:
        """Do nothing: nothing is held."""
