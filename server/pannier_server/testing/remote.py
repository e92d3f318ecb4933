"""A sidecar on the other side of a gRPC channel, as a backend.

With it the contract suite and the stateful test run once more through the service:
requests, statuses, pages and page tokens included. What gRPC cannot pass on:

- The request's clock. `RemoteBackend` sets the server's clock instead, before each
  request, so that concurrent calls share one reading and the server has to run in
  the test's own process.
- ``max_bytes`` of a page: set ``honours_max_bytes = False`` in the test class.
- A list's position, which is a page token. Tokens are kept as they come; a position
  that none was received for is reached by skipping the rows before it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health_pb2, health_pb2_grpc

from pannier.v1 import storage_pb2 as pb
from pannier.v1.storage_pb2_grpc import StorageBackendStub
from pannier_server.backends.contract import (
    Call,
    Cleaned,
    Key,
    Page,
    PageRequest,
    Prefix,
    Record,
    Unreadable,
    Write,
    Written,
)
from pannier_server.backends.errors import DeadlineExceeded, StoreUnavailable
from pannier_server.testing.remote_errors import to_storage_error

SERVICE = "pannier.v1.StorageBackend"

Position = tuple[Prefix, bool, str]
"""A prefix, whether descending, and a name: where in a list a page token goes on."""


class RemoteBackend:
    """`StorageBackend` over a channel."""

    expiry_json_field = None

    def __init__(
        self,
        channel: grpc.aio.Channel,
        set_clock: Callable[[int], None],
        *,
        max_data_bytes: int = 350 * 1024,
        tokens: dict[Position, str] | None = None,
    ) -> None:
        """Keep the channel, which stays the caller's to close.

        Args:
            channel: A channel to the sidecar.
            set_clock: Sets the clock that the sidecar reads, in epoch seconds.
            max_data_bytes: The largest data that the sidecar was set to accept.
            tokens: Page tokens received so far. Two backends that share them send
                each other's tokens.
        """
        self.max_data_bytes = max_data_bytes
        self._stub = StorageBackendStub(channel)  # type: ignore[no-untyped-call]
        self._health = health_pb2_grpc.HealthStub(channel)
        self._set_clock = set_clock
        self._tokens = {} if tokens is None else tokens

    @property
    def description(self) -> str:
        """What and where the store is."""
        return "a sidecar over gRPC"

    async def open(self) -> None:
        """Nothing to take hold of."""

    async def close(self) -> None:
        """Nothing to let go of."""

    async def check(self, call: Call) -> None:
        """Return when the sidecar's health says that its store answers."""
        request = health_pb2.HealthCheckRequest(service=SERVICE)
        with self._request(call) as timeout:
            stream = self._health.Watch(request, timeout=timeout)
            try:
                async for answer in stream:
                    if answer.status == health_pb2.HealthCheckResponse.SERVING:
                        return
            finally:
                stream.cancel()
        raise StoreUnavailable("the sidecar ended before it said that its store answers")

    async def get(self, key: Key, *, consistent: bool, call: Call) -> Record:
        """Return the live record at a key."""
        request = pb.GetRequest(key=_text(key), consistency=_consistency(consistent=consistent))
        with self._request(call) as timeout:
            return _record((await self._stub.Get(request, timeout=timeout)).record)

    async def put(self, key: Key, write: Write, call: Call) -> Written:
        """Write a record whatever is there."""
        request = pb.PutRequest(key=_text(key), data=write.data, request_id=write.write_id)
        _set_expiry(request, write)
        with self._request(call) as timeout:
            return _written(await self._stub.Put(request, timeout=timeout), write)

    async def put_if_version(
        self, key: Key, write: Write, *, expected_version: int, etag: str, call: Call
    ) -> Written:
        """Write a record over the expected version only."""
        request = pb.PutIfVersionRequest(
            key=_text(key),
            data=write.data,
            request_id=write.write_id,
            expected_version=expected_version,
            etag=etag,
        )
        _set_expiry(request, write)
        with self._request(call) as timeout:
            return _written(await self._stub.PutIfVersion(request, timeout=timeout), write)

    async def delete(
        self, key: Key, *, expected_version: int | None, etag: str, call: Call
    ) -> bool:
        """Delete a record, unconditionally or at a version or etag only."""
        request = pb.DeleteRequest(key=_text(key), expected_version=expected_version, etag=etag)
        with self._request(call) as timeout:
            deleted: bool = (await self._stub.Delete(request, timeout=timeout)).deleted
            return deleted

    async def list_page(self, request: PageRequest, call: Call) -> Page:
        """Return the first page of a stream that has rows behind the position."""
        with self._request(call) as timeout:
            stream = self._stub.ListByPrefix(self._list_request(request), timeout=timeout)
            try:
                return await self._first_page(stream, request)
            finally:
                stream.cancel()

    async def cleanup_expired(self, prefix: Prefix | None, *, limit: int, call: Call) -> Cleaned:
        """Remove up to ``limit`` expired records."""
        text = "" if prefix is None else _text(prefix)
        request = pb.CleanupExpiredRequest(prefix=text, limit=limit)
        with self._request(call) as timeout:
            answer = await self._stub.CleanupExpired(request, timeout=timeout)
            return Cleaned(answer.removed, more=answer.more)

    @contextmanager
    def _request(self, call: Call) -> Iterator[float]:
        """Set the clock, give the request's time-out, and turn a status into its error."""
        timeout = call.deadline - asyncio.get_running_loop().time()
        if timeout <= 0:
            raise DeadlineExceeded("the deadline had passed before the call was sent")
        self._set_clock(call.now)
        try:
            yield timeout
        except grpc.aio.AioRpcError as failure:
            raise to_storage_error(failure) from None

    def _list_request(self, request: PageRequest) -> pb.ListByPrefixRequest:
        position = (request.prefix, request.descending, request.after or "")
        return pb.ListByPrefixRequest(
            prefix=_text(request.prefix),
            page_size=request.max_rows,
            page_token=self._tokens.get(position, ""),
            order=pb.ORDER_DESCENDING if request.descending else pb.ORDER_ASCENDING,
            consistency=_consistency(consistent=request.consistent),
        )

    async def _first_page(
        self, stream: AsyncIterator[pb.ListByPrefixResponse], request: PageRequest
    ) -> Page:
        async for message in stream:
            found = _rows(message, descending=request.descending)
            token = message.next_page_token
            if found and token:
                last = found[-1].key.name
                self._tokens[request.prefix, request.descending, last] = token
            rows = [row for row in found if _is_behind(row, request)]
            if rows or not token:
                return Page(rows, rows[-1].key.name if token else None)
        raise AssertionError("the stream ended without a page that has no next_page_token")


def _text(key: Key | Prefix) -> str:
    return f"{key.owner}:{key.name}"


def _key(text: str) -> Key:
    owner, _, name = text.partition(":")
    return Key(owner, name)


def _consistency(*, consistent: bool) -> "pb.Consistency":
    return pb.CONSISTENCY_STRONG if consistent else pb.CONSISTENCY_EVENTUAL


def _set_expiry(request: pb.PutRequest | pb.PutIfVersionRequest, write: Write) -> None:
    if write.expires_at is None:
        request.never_expires = True
    else:
        request.expire_time.CopyFrom(Timestamp(seconds=write.expires_at))


def _written(answer: pb.PutResponse | pb.PutIfVersionResponse, write: Write) -> Written:
    assert _expires_at(answer) == write.expires_at, "another expire_time was resolved"
    return Written(answer.version, answer.etag)


def _expires_at(message: pb.Record | pb.PutResponse | pb.PutIfVersionResponse) -> int | None:
    return message.expire_time.seconds if message.HasField("expire_time") else None


def _record(message: pb.Record) -> Record:
    return Record(
        _key(message.key), message.data, message.version, message.etag, _expires_at(message)
    )


def _rows(message: pb.ListByPrefixResponse, *, descending: bool) -> list[Record | Unreadable]:
    """Return a page's records and unreadable rows in the order of the list."""
    rows: list[Record | Unreadable] = [_record(record) for record in message.records]
    rows += [Unreadable(_key(row.key), row.problem) for row in message.unreadable]
    if message.unreadable:
        rows.sort(key=lambda row: row.key.name.encode(), reverse=descending)
    return rows


def _is_behind(row: Record | Unreadable, request: PageRequest) -> bool:
    """Tell whether a row lies after the position that the page is to start from."""
    if request.after is None:
        return True
    name, after = row.key.name.encode(), request.after.encode()
    return name < after if request.descending else name > after
