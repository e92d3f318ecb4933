"""Meters around a store: each call, how long it took, and how it ended."""

import asyncio
from collections.abc import Coroutine, Iterator
from time import perf_counter
from typing import Any, Final, TypeVar

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
from pannier_server.backends.wrapped import WrappedBackend
from pannier_server.metrics.catalogue import DURATIONS
from pannier_server.metrics.samples import Sample, sample
from pannier_server.metrics.tally import Tally
from pannier_server.service.status import reason_name

T = TypeVar("T")

OPERATIONS = ("get", "put", "put_if_version", "delete", "list_page", "cleanup_expired", "check")
"""What a store is asked for; the values of the label ``operation``."""

_ALARMING: Final = ("RECORD_CORRUPT",)


class MeasuredBackend(WrappedBackend):
    """A backend whose calls are counted.

    It stands below admission, so that calls which never got to the store do not count.

    Attributes:
        tallies: What was counted, by the operation.
    """

    def __init__(self, backend: StorageBackend) -> None:
        """Take the backend."""
        super().__init__(backend)
        self.tallies = {operation: Tally(DURATIONS, _ALARMING) for operation in OPERATIONS}
        self._get_tally = self.tallies["get"]
        self._recognised_retries = 0
        self._removed = 0

    def check(self, call: Call) -> Coroutine[Any, Any, None]:
        """Ask the store whether it answers."""
        return _measured(self.tallies["check"], self._backend.check(call))

    def get(self, key: Key, *, consistent: bool, call: Call) -> Coroutine[Any, Any, Record]:
        """Return the live record at a key."""
        return _measured(self._get_tally, self._backend.get(key, consistent=consistent, call=call))

    async def put(self, key: Key, write: Write, call: Call) -> Written:
        """Write a record whatever is there."""
        written = await _measured(self.tallies["put"], self._backend.put(key, write, call))
        self._recognised_retries += written.is_retry
        return written

    async def put_if_version(
        self, key: Key, write: Write, *, expected_version: int, etag: str, call: Call
    ) -> Written:
        """Write a record over the expected version only."""
        writing = self._backend.put_if_version(
            key, write, expected_version=expected_version, etag=etag, call=call
        )
        written = await _measured(self.tallies["put_if_version"], writing)
        self._recognised_retries += written.is_retry
        return written

    def delete(
        self, key: Key, *, expected_version: int | None, etag: str, call: Call
    ) -> Coroutine[Any, Any, bool]:
        """Delete a record, unconditionally or at a version or etag only."""
        return _measured(
            self.tallies["delete"],
            self._backend.delete(key, expected_version=expected_version, etag=etag, call=call),
        )

    def list_page(self, request: PageRequest, call: Call) -> Coroutine[Any, Any, Page]:
        """Return the next rows of a list."""
        return _measured(self.tallies["list_page"], self._backend.list_page(request, call))

    async def cleanup_expired(self, prefix: Prefix | None, *, limit: int, call: Call) -> Cleaned:
        """Remove expired records."""
        cleaning = self._backend.cleanup_expired(prefix, limit=limit, call=call)
        cleaned = await _measured(self.tallies["cleanup_expired"], cleaning)
        self._removed += cleaned.removed
        return cleaned

    def samples(self) -> Iterator[Sample]:
        """Return what was counted so far."""
        for operation, tally in self.tallies.items():
            for result, count in tally.ends():
                yield sample("pannier_store_calls_total", count, operation, result)
            yield tally.sample("pannier_store_call_duration_seconds", operation)
            in_flight = tally.started - tally.ended
            yield sample("pannier_store_calls_in_flight", in_flight, operation)
        yield sample("pannier_store_recognised_retries_total", self._recognised_retries)
        yield sample("pannier_expired_records_removed_total", self._removed)


async def _measured(tally: Tally, call: Coroutine[Any, Any, T]) -> T:
    started = perf_counter()
    tally.started += 1
    try:
        answer = await call
    except BaseException as error:
        tally.failed(_result(error), perf_counter() - started)
        raise
    tally.observe(perf_counter() - started)
    return answer


def _result(error: BaseException) -> str:
    """Return how a store call ended that raised an error, in the contract's words."""
    if isinstance(error, Exception):
        return reason_name(error)
    return "CANCELLED" if isinstance(error, asyncio.CancelledError) else "INTERNAL"
