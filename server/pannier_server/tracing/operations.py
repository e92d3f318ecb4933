"""A span for each operation of a store that is not asked over the network.

One of SQLite waits for its turn, and for the commit that it shares with others, so a span
of its own for each tells more than one for each commit would: those have no single trace
that they belong to.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, get_current_span

from pannier_server.backends.contract import (
    Call,
    Cleaned,
    Key,
    Page,
    PageRequest,
    Prefix,
    Record,
    StorageBackend,
    Write,
    Written,
)
from pannier_server.backends.errors import (
    RecordExists,
    RecordNotFound,
    StorageError,
    VersionMismatch,
)
from pannier_server.backends.wrapped import WrappedBackend
from pannier_server.tracing import attributes as names

# Answers as good as any other.
_NO_FAULTS = (RecordNotFound, RecordExists, VersionMismatch)


class TracedBackend(WrappedBackend):
    """A backend whose operations have spans, where they are part of a call that is recorded."""

    def __init__(self, backend: StorageBackend, tracer: Tracer, system: str) -> None:
        """Take the backend, what makes spans, and what the store is called in them."""
        super().__init__(backend)
        self._tracer = tracer
        self._system = system

    async def get(self, key: Key, *, consistent: bool, call: Call) -> Record:
        """Return the live record at a key."""
        with self._span("get"):
            return await self._backend.get(key, consistent=consistent, call=call)

    async def put(self, key: Key, write: Write, call: Call) -> Written:
        """Write a record whatever is there."""
        with self._span("put"):
            return await self._backend.put(key, write, call)

    async def put_if_version(
        self, key: Key, write: Write, *, expected_version: int, etag: str, call: Call
    ) -> Written:
        """Write a record over the expected version only."""
        with self._span("put_if_version"):
            return await self._backend.put_if_version(
                key, write, expected_version=expected_version, etag=etag, call=call
            )

    async def delete(
        self, key: Key, *, expected_version: int | None, etag: str, call: Call
    ) -> bool:
        """Delete a record, unconditionally or at a version or etag only."""
        with self._span("delete"):
            return await self._backend.delete(
                key, expected_version=expected_version, etag=etag, call=call
            )

    async def list_page(self, request: PageRequest, call: Call) -> Page:
        """Return the next rows of a list."""
        with self._span("list_page"):
            return await self._backend.list_page(request, call)

    async def cleanup_expired(self, prefix: Prefix | None, *, limit: int, call: Call) -> Cleaned:
        """Remove expired records."""
        with self._span("cleanup_expired"):
            return await self._backend.cleanup_expired(prefix, limit=limit, call=call)

    @contextmanager
    def _span(self, operation: str) -> Iterator[None]:
        if not get_current_span().is_recording():
            yield
            return
        span = self._tracer.start_span(
            f"{self._system}.{operation}",
            kind=SpanKind.CLIENT,
            attributes={
                names.DB_SYSTEM: self._system,
                names.DB_SYSTEM_NAME: self._system,
                names.DB_OPERATION_NAME: operation,
            },
        )
        try:
            yield
        except BaseException as error:
            span.set_attribute(names.ERROR_TYPE, type(error).__name__)
            if not isinstance(error, _NO_FAULTS):
                problem = error.message if isinstance(error, StorageError) else None
                span.set_status(Status(StatusCode.ERROR, problem))
            raise
        finally:
            span.end()
