"""The store for asyncio: `pannier.connect` and `pannier.Store` with awaits.

Methods, arguments and errors are those of `pannier.Store`; what is said there holds here.

Example:
    >>> async def main() -> None:
    ...     async with pannier.aio.connect(address) as store:
    ...         await store.put("alice:greeting", b"hello")
    ...         record = await store.get("alice:greeting")
    ...         print(record.data)
    >>> asyncio.run(main())
    b'hello'
"""

import inspect
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import grpc

from pannier._aio_connection import Connection
from pannier._attempts import Safety
from pannier._expiry import resolve_expiry
from pannier._listing import Listing, UnreadableRows
from pannier._messages import (
    Consistency,
    Data,
    Order,
    as_bytes,
    change_request,
    delete_request,
    get_request,
    put_if_version_request,
    put_request,
    read_changed,
    read_cleanup,
    read_record,
    read_written,
)
from pannier._settings import DEFAULT_TIMEOUT, Settings, checked_timeout, make_settings
from pannier._updates import Update, verdict
from pannier.errors import PannierError, WriteOutcome
from pannier.records import CleanupResult, Page, Record, Unreadable, Written
from pannier.retries import DEFAULT_RETRIES, RetryPolicy
from pannier.v1 import storage_pb2 as pb

__all__ = ["Store", "connect"]


def connect(
    address: str | None = None,
    *,
    timeout: float = DEFAULT_TIMEOUT,
    retries: RetryPolicy = DEFAULT_RETRIES,
    credentials: grpc.ChannelCredentials | None = None,
    token: str | None = None,
    metadata: Sequence[tuple[str, str | bytes]] = (),
) -> "Store":
    """Return the store behind a sidecar, for the event loop that is running.

    Arguments and errors are those of `pannier.connect`. It does not wait: the first call
    connects.

    Raises:
        RuntimeError: No event loop is running.
    """
    return Store(
        make_settings(
            address,
            timeout=timeout,
            retries=retries,
            credentials=credentials,
            token=token,
            metadata=metadata,
        )
    )


class Store:
    """Versioned records behind a sidecar, for asyncio; made by `connect`.

    One store may be shared by all tasks of its event loop. Close it, or use it as an
    asynchronous context manager. A call that is cancelled may have been applied.
    """

    def __init__(self, settings: Settings) -> None:
        """Use `connect` instead."""
        self._connection = Connection(settings)
        self._settings = settings

    @property
    def address(self) -> str:
        """Where the sidecar is."""
        return self._settings.address

    def __repr__(self) -> str:
        """Show where the sidecar is."""
        return f"<pannier.aio.Store at {self.address}>"

    async def __aenter__(self) -> Self:
        """Return the store."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the store."""
        await self.close()

    async def close(self) -> None:
        """Close the connection. Calls that still run raise `pannier.StoreClosed`."""
        await self._connection.close()

    async def get(
        self, key: str, *, consistency: Consistency = "strong", timeout: float | None = None
    ) -> Record:
        """Return the record at a key; see `pannier.Store.get`."""
        return await self._get(get_request(key, consistency), self._deadline(timeout))

    async def put(
        self,
        key: str,
        data: Data,
        *,
        ttl: timedelta | float | None = None,
        expire_time: datetime | None = None,
        never_expires: bool = False,
        request_id: str | uuid.UUID | None = None,
        timeout: float | None = None,
    ) -> Written:
        """Write a record whatever is there; see `pannier.Store.put`."""
        expiry = resolve_expiry(ttl, expire_time, never_expires=never_expires)
        request = put_request(key, data, expiry, request_id)
        answer: pb.PutResponse = await self._connection.call(
            self._connection.stub.Put, request, Safety.REPEATABLE_WRITE, self._deadline(timeout)
        )
        return read_written(answer)

    async def put_if_version(
        self,
        key: str,
        data: Data,
        *,
        expected_version: int,
        etag: str = "",
        ttl: timedelta | float | None = None,
        expire_time: datetime | None = None,
        never_expires: bool = False,
        request_id: str | uuid.UUID | None = None,
        timeout: float | None = None,
    ) -> Written:
        """Write a record only over an expected version; see `pannier.Store.put_if_version`."""
        expiry = resolve_expiry(ttl, expire_time, never_expires=never_expires)
        request = put_if_version_request(
            key, data, expiry, request_id, expected_version=expected_version, etag=etag
        )
        return read_written(await self._put_if_version(request, self._deadline(timeout)))

    async def create(
        self,
        key: str,
        data: Data,
        *,
        ttl: timedelta | float | None = None,
        expire_time: datetime | None = None,
        never_expires: bool = False,
        request_id: str | uuid.UUID | None = None,
        timeout: float | None = None,
    ) -> Written:
        """Write a record only where no live one is; see `pannier.Store.create`."""
        return await self.put_if_version(
            key,
            data,
            expected_version=0,
            ttl=ttl,
            expire_time=expire_time,
            never_expires=never_expires,
            request_id=request_id,
            timeout=timeout,
        )

    async def update(
        self,
        key: str,
        change: Callable[[bytes], Data | Awaitable[Data | None] | None],
        *,
        ttl: timedelta | float | None = None,
        expire_time: datetime | None = None,
        never_expires: bool = False,
        timeout: float | None = None,
    ) -> Record:
        """Read a record, change its data and write it; see `pannier.Store.update`.

        ``change`` may be a coroutine function.
        """
        expiry = resolve_expiry(ttl, expire_time, never_expires=never_expires)
        request = get_request(key, "strong")
        deadline = self._deadline(timeout)
        update = Update(deadline)
        while True:
            try:
                record = await self._get(request, deadline)
            except PannierError as error:
                error.write_outcome = WriteOutcome.NOT_APPLIED
                raise
            changed = change(record.data)
            if inspect.isawaitable(changed):
                changed = await changed
            if changed is None:
                return record
            data = as_bytes(changed)
            try:
                answer = await self._put_if_version(change_request(record, data, expiry), deadline)
                return read_changed(record, data, answer)
            except PannierError as error:
                pause = update.after_conflict(error, time.monotonic())
                if pause is None:
                    raise verdict(error, record, data) from error.__cause__
                lost_race = error
            await self._connection.pause(pause, lost_race)

    async def delete(
        self,
        key: str,
        *,
        expected_version: int | None = None,
        etag: str = "",
        timeout: float | None = None,
    ) -> bool:
        """Delete a record, or only at a version or etag; see `pannier.Store.delete`."""
        answer: pb.DeleteResponse = await self._connection.call(
            self._connection.stub.Delete,
            delete_request(key, expected_version, etag),
            Safety.REPEATABLE_WRITE if etag else Safety.SINGLE_WRITE,
            self._deadline(timeout),
        )
        return answer.deleted

    def list(
        self,
        prefix: str,
        *,
        page_size: int = 0,
        page_token: str = "",
        limit: int = 0,
        keys_only: bool = False,
        order: Order = "ascending",
        consistency: Consistency = "strong",
        on_unreadable: Callable[[Unreadable], None] | None = None,
        timeout: float | None = None,
    ) -> AsyncGenerator[Record, None]:
        """Return an asynchronous iterator over records by prefix; see `pannier.Store.list`.

        Where it is left early, `contextlib.aclosing` ends the stream at once; otherwise
        the event loop does when it collects the iterator.

        Example:
            >>> async def keys() -> list[str]:
            ...     async with pannier.aio.connect(address) as store:
            ...         await store.put("erin:task:1", b"to do")
            ...         return [record.key async for record in store.list("erin:")]
            >>> asyncio.run(keys())
            ['erin:task:1']
        """
        listing = Listing(
            prefix,
            page_size=page_size,
            page_token=page_token,
            limit=limit,
            keys_only=keys_only,
            order=order,
            consistency=consistency,
        )
        return self._records(self._pages(listing, timeout), on_unreadable)

    def list_pages(
        self,
        prefix: str,
        *,
        page_size: int = 0,
        page_token: str = "",
        limit: int = 0,
        keys_only: bool = False,
        order: Order = "ascending",
        consistency: Consistency = "strong",
        timeout: float | None = None,
    ) -> AsyncGenerator[Page, None]:
        """Return an asynchronous iterator over pages; see `pannier.Store.list_pages`."""
        listing = Listing(
            prefix,
            page_size=page_size,
            page_token=page_token,
            limit=limit,
            keys_only=keys_only,
            order=order,
            consistency=consistency,
        )
        return self._pages(listing, timeout)

    async def cleanup_expired(
        self, prefix: str | None = None, *, limit: int = 0, timeout: float | None = None
    ) -> CleanupResult:
        """Remove expired records now; see `pannier.Store.cleanup_expired`."""
        answer: pb.CleanupExpiredResponse = await self._connection.call(
            self._connection.stub.CleanupExpired,
            pb.CleanupExpiredRequest(prefix=prefix or "", limit=limit),
            Safety.READ,
            self._deadline(timeout),
        )
        return read_cleanup(answer)

    async def _get(self, request: pb.GetRequest, deadline: float) -> Record:
        answer: pb.GetResponse = await self._connection.call(
            self._connection.stub.Get, request, Safety.READ, deadline
        )
        return read_record(answer.record)

    async def _put_if_version(
        self, request: pb.PutIfVersionRequest, deadline: float
    ) -> pb.PutIfVersionResponse:
        answer: pb.PutIfVersionResponse = await self._connection.call(
            self._connection.stub.PutIfVersion, request, Safety.REPEATABLE_WRITE, deadline
        )
        return answer

    def _pages(self, listing: Listing, timeout: float | None) -> AsyncGenerator[Page, None]:
        seconds = None if timeout is None else checked_timeout(timeout)
        return self._connection.pages(listing, seconds)

    async def _records(
        self,
        pages: AsyncGenerator[Page, None],
        on_unreadable: Callable[[Unreadable], None] | None,
    ) -> AsyncGenerator[Record, None]:
        rows = UnreadableRows()
        report = on_unreadable or rows.add
        async with aclosing(pages):
            async for page in pages:
                for record in page.records:
                    yield record
                for row in page.unreadable:
                    report(row)
        rows.raise_if_any()

    def _deadline(self, timeout: float | None) -> float:
        seconds = self._settings.timeout if timeout is None else checked_timeout(timeout)
        return time.monotonic() + seconds
