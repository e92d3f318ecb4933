"""Tracing of one process: what is put around calls and stores, and the end of it."""

import asyncio
import logging
from collections.abc import Mapping
from threading import Thread
from typing import Final

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import format_span_id, format_trace_id, get_current_span

from pannier_server import __version__
from pannier_server.backends.contract import StorageBackend
from pannier_server.backends.store_url import parse_store_url
from pannier_server.tracing.calls import CallSpans
from pannier_server.tracing.operations import TracedBackend

_log = logging.getLogger(__name__)

# Calls may have taken all of the grace time; a collector that answers needs little more.
_LEAST_SECONDS: Final = 0.5


class Tracing:
    """Makes spans, and has them exported in the background.

    Attributes:
        calls: What is put around calls.
    """

    def __init__(self, provider: TracerProvider, grace: float) -> None:
        """Take what exports spans, and how long the end of the process may take in seconds."""
        self._provider = provider
        self._tracer = provider.get_tracer("pannier-server", __version__)
        self._grace = grace
        self._until = 0.0
        self.calls = CallSpans(self._tracer)

    def around_store(
        self, way: StorageBackend, backend: StorageBackend, url: str
    ) -> StorageBackend:
        """Return what calls are to use in place of their way to a backend.

        Args:
            way: How calls get to the backend, or the backend itself.
            backend: The backend, which is open.
            url: The store's URL.
        """
        scheme = parse_store_url(url).scheme
        if scheme == "dynamodb":
            from pannier_server.backends.dynamodb.backend import DynamoDBBackend
            from pannier_server.tracing.attempts import AttemptSpans

            if isinstance(backend, DynamoDBBackend) and backend.client:
                client = backend.client
                client.watch = AttemptSpans(self._tracer, client.endpoint).around
                return way
        return TracedBackend(way, self._tracer, scheme)

    def log_fields(self) -> Mapping[str, str]:
        """Return the fields of a log line that lead to the span of the call under way."""
        span = get_current_span().get_span_context()
        if not span.is_valid:
            return {}
        return {
            "trace_id": format_trace_id(span.trace_id),
            "span_id": format_span_id(span.span_id),
        }

    def stopping(self) -> None:
        """Note that the process stops: the grace time begins."""
        self._until = asyncio.get_running_loop().time() + self._grace

    async def close(self) -> None:
        """Export what is left within the rest of the grace time; a collector may be gone."""
        loop = asyncio.get_running_loop()
        exported = asyncio.Event()

        def finish() -> None:
            self._provider.force_flush()
            _call_soon(loop, exported)
            # It waits for a while, and then for its thread.
            self._provider.shutdown()

        Thread(target=finish, name="pannier-traces", daemon=True).start()
        seconds = max(self._until - loop.time(), _LEAST_SECONDS)
        try:
            await asyncio.wait_for(exported.wait(), seconds)
        except TimeoutError:
            _log.warning("the last spans could not be exported within %.1f s", seconds)


def _call_soon(loop: asyncio.AbstractEventLoop, exported: asyncio.Event) -> None:
    try:
        loop.call_soon_threadsafe(exported.set)
    except RuntimeError:
        # Nobody waits any more.
        if not loop.is_closed():
            raise
