"""One HTTP connection that asks for metrics: one request, one answer, and its end.

Nothing that a peer does takes more than a small fixed part of memory and time: the head
of its request is bounded, a body is not read, and after some seconds it is cut off.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, cast

import httptools

if TYPE_CHECKING:
    from pannier_server.metrics.exposition import Page

_log = logging.getLogger(__name__)

MAX_HEAD_BYTES: Final = 8 * 1024
"""The longest head of a request; those of Prometheus have about 300 bytes."""

LONGEST_SECONDS: Final = 10.0
"""How long a connection may last; Prometheus gives up after as long unless told."""

PATH: Final = b"/metrics"

_TEXT: Final = "text/plain; charset=utf-8"

Render = Callable[[str], Awaitable["Page"]]
"""Returns the metrics in the format that an Accept header names."""


class ScrapeProtocol(asyncio.Protocol):
    """A connection.

    Attributes:
        is_answering: Whether its request has come.
    """

    def __init__(self, render: Render, forget: Callable[["ScrapeProtocol"], None]) -> None:
        """Take what makes the metrics, and who wants to know of the connection's end."""
        self.is_answering = False
        self._render = render
        self._forget = forget
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._head_bytes = 0
        self._target = b""
        self._accept = ""
        self._peer_has_ended = False
        self._is_aborted = False
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def abort(self) -> None:
        """End the connection at once, or as soon as it is there."""
        self._is_aborted = True
        if self._transport is not None:
            self._transport.abort()

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport, and see to the connection's end."""
        self._transport = cast("asyncio.Transport", transport)
        if self._is_aborted:
            self._transport.abort()
            return
        self._timer = self._loop.call_later(LONGEST_SECONDS, self.abort)

    def data_received(self, data: bytes) -> None:
        """Parse the request's head; what follows it is let go."""
        if self.is_answering:
            return
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(HTTPStatus.BAD_REQUEST, "no other protocol is spoken here")
        except httptools.HttpParserError:
            self._refuse(HTTPStatus.BAD_REQUEST, "this is no HTTP request")
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                f"the request's head has more than {MAX_HEAD_BYTES} bytes",
            )

    def eof_received(self) -> bool:
        """Answer a peer that sends no more; end the connection where it is answered."""
        self._peer_has_ended = True
        return self.is_answering and self._task is not None and not self._task.done()

    def connection_lost(self, error: Exception | None) -> None:
        """Let go of everything."""
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
        self._forget(self)
        # It refers back to the connection.
        del self._parser

    # -- httptools

    def on_url(self, part: bytes) -> None:
        """Keep a part of the target."""
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep what format is wanted."""
        if name.lower() == b"accept":
            self._accept = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Answer."""
        if self.is_answering:
            return
        method = self._parser.get_method()
        if self._target.partition(b"?")[0] != PATH:
            self._refuse(HTTPStatus.NOT_FOUND, f"the metrics are at {PATH.decode()}")
        elif method not in (b"GET", b"HEAD"):
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, "ask with GET or HEAD")
        else:
            self.is_answering = True
            self._task = self._loop.create_task(self._serve(with_body=method == b"GET"))

    # -- the answer

    async def _serve(self, *, with_body: bool) -> None:
        try:
            page = await self._render(self._accept)
        except Exception:  # noqa: BLE001 (a bug; the sidecar goes on)
            _log.exception("the metrics could not be written down")
            self._answer(
                HTTPStatus.INTERNAL_SERVER_ERROR, _TEXT, b"the sidecar's log says what is wrong\n"
            )
        else:
            self._answer(HTTPStatus.OK, page.content_type, page.body, with_body=with_body)

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        if not self.is_answering:
            self.is_answering = True
            self._answer(status, _TEXT, f"{why}\n".encode())

    def _answer(
        self, status: HTTPStatus, content_type: str, body: bytes, *, with_body: bool = True
    ) -> None:
        if self._transport is None:
            return
        allow = "Allow: GET, HEAD\r\n" if status is HTTPStatus.METHOD_NOT_ALLOWED else ""
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            f"Content-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\n"
            f"{allow}Connection: close\r\n\r\n"
        )
        self._transport.write(head.encode() + (body if with_body else b""))
        if self._peer_has_ended:
            self._transport.close()
        else:
            # Closed by the peer, which has read everything then: a socket that is closed
            # with unread bytes in it takes back what was sent.
            self._transport.write_eof()
