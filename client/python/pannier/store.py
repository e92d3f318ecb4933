"""The store: the sidecar's six calls, and what is made of them."""

import time
import uuid
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import grpc

from pannier._attempts import Safety
from pannier._connection import Connection
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


def connect(
    address: str | None = None,
    *,
    timeout: float = DEFAULT_TIMEOUT,
    retries: RetryPolicy = DEFAULT_RETRIES,
    credentials: grpc.ChannelCredentials | None = None,
    token: str | None = None,
    metadata: Sequence[tuple[str, str | bytes]] = (),
) -> "Store":
    """Return the store behind a sidecar. The first call connects, not this one.

    Args:
        address: ``unix:/path/to/socket`` or ``host:port``. Default: the environment
            variable PANNIER_ADDRESS, else `pannier.default_socket_path`.
        timeout: Seconds that each call may take, its retries included.
        retries: How calls are tried again where that is safe; `pannier.NO_RETRIES` for none.
        credentials: TLS, from `grpc.ssl_channel_credentials`. Default: a plain connection.
        token: Sent with each call as ``authorization: Bearer TOKEN`` (RFC 6750).
        metadata: Sent with each call as well.

    Raises:
        ValueError: The address, the timeout or the token is not usable.
        PermissionError: No address is given and the default socket's directory, in the
            directory for temporary files, is not this user's alone.

    Example:
        >>> with pannier.connect(address) as store:
        ...     store.put("alice:greeting", b"hello").version
        1
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
    """Versioned records behind a sidecar; made by `connect`.

    One store may be shared by all threads of a process. It does not survive a fork: open
    one in each child process. Close it, or use it as a context manager.

    Every method takes ``timeout``: seconds for the whole call, its retries included, in
    place of the store's. All but `list` and `list_pages` end within it. Beside the errors
    named with each method, all can raise `InvalidArgument`, `Unavailable`, `Throttled`,
    `DeadlineExceeded`, `StoreMisconfigured`, `Unauthenticated`, `PermissionDenied`,
    `InternalError` and `StoreClosed`.
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
        return f"<pannier.Store at {self.address}>"

    def __enter__(self) -> Self:
        """Return the store."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the store."""
        self.close()

    def close(self) -> None:
        """Close the connection. Calls that still run raise `StoreClosed`."""
        self._connection.close()

    def get(
        self, key: str, *, consistency: Consistency = "strong", timeout: float | None = None
    ) -> Record:
        """Return the record at a key.

        Args:
            key: The record's key; `pannier.key` builds one.
            consistency: ``"eventual"`` may miss recent writes and costs DynamoDB half.
            timeout: Seconds for the call; default: the store's.

        Raises:
            NotFound: No live record has the key.
            CorruptRecord: The stored row cannot be read.

        Example:
            >>> written = store.put("alice:colour", b"green")
            >>> record = store.get("alice:colour")
            >>> record.data, record.version == written.version
            (b'green', True)
        """
        request = get_request(key, consistency)
        return self._get(request, self._deadline(timeout))

    def put(
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
        """Write a record whatever is there, replacing its data and its expiry.

        Args:
            key: The record's key.
            data: The new data, up to the server's limit (350 KiB by default).
            ttl: How long it lives, as a timedelta or in seconds, counted once from now.
            expire_time: When it expires, with a time zone. A time that has passed is
                accepted: the record is absent at once. Fractions of a second round up.
            never_expires: It never expires, whatever its data says. Where none of the
                three is given, the server may take the time from JSON data (a setting,
                off by default); otherwise the record never expires.
            request_id: Names this write for all attempts at it, also across processes: a
                UUID. Default: a new one for each call.
            timeout: Seconds for the call; default: the store's.

        Raises:
            DataTooLarge: The data is larger than the server takes.
            RequestIdReused: ``request_id`` was used for another write to this key.
            CorruptRecord: The stored row cannot be read.

        Example:
            >>> store.put("alice:session", b"token", ttl=timedelta(hours=1)).version
            1
            >>> store.put("alice:session", b"other", ttl=3600).version
            2
        """
        expiry = resolve_expiry(ttl, expire_time, never_expires=never_expires)
        request = put_request(key, data, expiry, request_id)
        answer: pb.PutResponse = self._connection.call(
            self._connection.stub.Put, request, Safety.REPEATABLE_WRITE, self._deadline(timeout)
        )
        return read_written(answer)

    def put_if_version(
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
        """Write a record only over the version that is expected.

        Args:
            key: The record's key.
            data: The new data, as for `put`.
            expected_version: The version that the record must have; 0 to create it.
            etag: The etag that it must have as well, which tells a record that was deleted
                and created again; empty for not checked. It cannot go with version 0.
            ttl: As for `put`.
            expire_time: As for `put`.
            never_expires: As for `put`.
            request_id: As for `put`.
            timeout: Seconds for the call; default: the store's.

        Raises:
            VersionConflict: The record has another version or etag.
            NotFound: No live record has the key, and the expected version is not 0.
            AlreadyExists: A live record has the key, and the expected version is 0.
            DataTooLarge: As for `put`.
            RequestIdReused: As for `put`.
            CorruptRecord: As for `put`.

        Example:
            >>> first = store.put("alice:theme", b"light")
            >>> store.put_if_version("alice:theme", b"dark", expected_version=1).version
            2
            >>> try:
            ...     store.put_if_version("alice:theme", b"blue", expected_version=1)
            ... except pannier.VersionConflict as conflict:
            ...     conflict.actual_version
            2
        """
        expiry = resolve_expiry(ttl, expire_time, never_expires=never_expires)
        request = put_if_version_request(
            key, data, expiry, request_id, expected_version=expected_version, etag=etag
        )
        return read_written(self._put_if_version(request, self._deadline(timeout)))

    def create(
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
        """Write a record only where no live one is; the arguments are those of `put`.

        Raises:
            AlreadyExists: A live record has the key.
            DataTooLarge: As for `put`.
            RequestIdReused: As for `put`.
            CorruptRecord: As for `put`.

        Example:
            >>> store.create("alice:approval", b"pending").version
            1
            >>> store.create("alice:approval", b"pending")
            Traceback (most recent call last):
            pannier.errors.AlreadyExists: a live record has this key already, at version 1
        """
        return self.put_if_version(
            key,
            data,
            expected_version=0,
            ttl=ttl,
            expire_time=expire_time,
            never_expires=never_expires,
            request_id=request_id,
            timeout=timeout,
        )

    def update(
        self,
        key: str,
        change: Callable[[bytes], Data | None],
        *,
        ttl: timedelta | float | None = None,
        expire_time: datetime | None = None,
        never_expires: bool = False,
        timeout: float | None = None,
    ) -> Record:
        """Read a record, change its data and write it, again after each lost race.

        The write goes through only over the version and etag that were read, so nothing
        that others wrote is lost. The record keeps its expiry unless told otherwise.

        Args:
            key: The record's key.
            change: Takes the data and returns the new data, or None to leave the record
                alone. It may be called several times, each time with newer data, but at
                most one result is written.
            ttl: As for `put`.
            expire_time: As for `put`.
            never_expires: As for `put`.
            timeout: Seconds for all of it; default: the store's.

        Returns:
            The record as written, or as read where ``change`` returned None.

        Raises:
            NotFound: No live record has the key, or it went while this ran.
            VersionConflict: Others kept writing until the time was over.
            OutcomeUnknown: The write failed and may have been applied all the same. To
                try again could apply the change twice, so that is the caller's choice.
            DataTooLarge: As for `put`.
            CorruptRecord: As for `put`.

        Example:
            >>> written = store.put("alice:visits", b"41")
            >>> store.update("alice:visits", lambda data: b"%d" % (int(data) + 1)).data
            b'42'
        """
        expiry = resolve_expiry(ttl, expire_time, never_expires=never_expires)
        request = get_request(key, "strong")
        deadline = self._deadline(timeout)
        update = Update(deadline)
        while True:
            try:
                record = self._get(request, deadline)
            except PannierError as error:
                error.write_outcome = WriteOutcome.NOT_APPLIED
                raise
            changed = change(record.data)
            if changed is None:
                return record
            data = as_bytes(changed)
            try:
                answer = self._put_if_version(change_request(record, data, expiry), deadline)
                return read_changed(record, data, answer)
            except PannierError as error:
                pause = update.after_conflict(error, time.monotonic())
                if pause is None:
                    raise verdict(error, record, data) from error.__cause__
                lost_race = error
            self._connection.pause(pause, lost_race)

    def delete(
        self,
        key: str,
        *,
        expected_version: int | None = None,
        etag: str = "",
        timeout: float | None = None,
    ) -> bool:
        """Delete a record, whatever is there or only at a version or etag.

        Without an etag it is not tried again once it may have been applied: a second one
        could delete what someone else wrote since. With one it is, and can then return
        False although the first attempt deleted the record.

        Args:
            key: The record's key.
            expected_version: The version that it must have, from 1 up; None for any.
            etag: The etag that it must have; empty for not checked.
            timeout: Seconds for the call; default: the store's.

        Returns:
            True where a live record was there and this call removed it.

        Raises:
            VersionConflict: The record has another version or etag.
            CorruptRecord: The delete is conditional and the stored row cannot be read.

        Example:
            >>> written = store.put("alice:draft", b"text")
            >>> store.delete("alice:draft", etag=written.etag)
            True
            >>> store.delete("alice:draft")
            False
        """
        answer: pb.DeleteResponse = self._connection.call(
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
    ) -> Generator[Record, None, None]:
        """Return an iterator over the live records of one owner, by prefix of their names.

        It fetches pages as it is read, goes on by itself after a broken connection, and
        yields no record twice. It is not a snapshot: each page shows its own moment.
        Closing or dropping it ends the stream.

        Args:
            prefix: ``owner:`` and the start of a name; `pannier.prefix` builds one.
            page_size: Records fetched at a time; 0 for the server's default of 100. At
                most 1,000.
            page_token: A page's ``next_page_token`` to go on behind; empty for the start.
            limit: The most records to yield; 0 for all.
            keys_only: Records come without data. The store is read all the same.
            order: ``"ascending"`` or ``"descending"``, by the bytes of the keys.
            consistency: As for `get`.
            on_unreadable: Called with each stored row that cannot be read as a record.
            timeout: Seconds for the whole list, the reader's own time included. Default:
                no limit. Either way a break that lasts as long as the store's timeout ends
                the list with its error.

        Raises:
            UnreadableRecords: At the end, after all readable records, where rows could not
                be read and ``on_unreadable`` is not given.
            InvalidArgument: The prefix or the page token is wrong; from the first record on.

        Example:
            >>> for number in range(3):
            ...     written = store.put(pannier.key("bob", f"task:{number}"), b"to do")
            >>> [record.key for record in store.list("bob:task:")]
            ['bob:task:0', 'bob:task:1', 'bob:task:2']
            >>> newest = store.list("bob:task:", order="descending", limit=1)
            >>> [record.key for record in newest]
            ['bob:task:2']
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
    ) -> Generator[Page, None, None]:
        """Return an iterator over the pages of a list, for those who page themselves.

        The arguments are those of `list`. A page may hold fewer records than
        ``page_size``, because it stays under 1 MiB; only an empty ``next_page_token``
        means the end. Unreadable rows are in the pages and raise nothing.

        Example:
            >>> for number in range(3):
            ...     written = store.put(f"carol:task:{number}", b"to do")
            >>> page = next(store.list_pages("carol:", page_size=2, limit=2))
            >>> [record.key for record in page.records]
            ['carol:task:0', 'carol:task:1']
            >>> page = next(store.list_pages("carol:", page_token=page.next_page_token))
            >>> [record.key for record in page.records], page.next_page_token
            (['carol:task:2'], '')
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
        return self._pages(listing, timeout)

    def cleanup_expired(
        self, prefix: str | None = None, *, limit: int = 0, timeout: float | None = None
    ) -> CleanupResult:
        """Remove expired records now, without waiting for the store to do it.

        Args:
            prefix: As for `list`; None or empty for the whole store (on DynamoDB that
                removes nothing: the table's own TTL does it).
            limit: The most records to remove; 0 for 1,000. At most 10,000.
            timeout: Seconds for the call; default: the store's.

        Example:
            >>> written = store.put("dave:old", b"", expire_time=datetime(2020, 1, 1, tzinfo=UTC))
            >>> store.cleanup_expired("dave:")
            CleanupResult(removed=1, more=False)
        """
        answer: pb.CleanupExpiredResponse = self._connection.call(
            self._connection.stub.CleanupExpired,
            pb.CleanupExpiredRequest(prefix=prefix or "", limit=limit),
            Safety.READ,
            self._deadline(timeout),
        )
        return read_cleanup(answer)

    def _get(self, request: pb.GetRequest, deadline: float) -> Record:
        answer: pb.GetResponse = self._connection.call(
            self._connection.stub.Get, request, Safety.READ, deadline
        )
        return read_record(answer.record)

    def _put_if_version(
        self, request: pb.PutIfVersionRequest, deadline: float
    ) -> pb.PutIfVersionResponse:
        answer: pb.PutIfVersionResponse = self._connection.call(
            self._connection.stub.PutIfVersion, request, Safety.REPEATABLE_WRITE, deadline
        )
        return answer

    def _pages(self, listing: Listing, timeout: float | None) -> Generator[Page, None, None]:
        seconds = None if timeout is None else checked_timeout(timeout)
        return self._connection.pages(listing, seconds)

    def _records(
        self,
        pages: Generator[Page, None, None],
        on_unreadable: Callable[[Unreadable], None] | None,
    ) -> Generator[Record, None, None]:
        rows = UnreadableRows()
        report = on_unreadable or rows.add
        with closing(pages):
            for page in pages:
                yield from page.records
                for row in page.unreadable:
                    report(row)
        rows.raise_if_any()

    def _deadline(self, timeout: float | None) -> float:
        seconds = self._settings.timeout if timeout is None else checked_timeout(timeout)
        return time.monotonic() + seconds
