"""Records in a DynamoDB table: one request a read, one conditional request a write."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import msgspec

from pannier_server.backends import rules
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
from pannier_server.backends.dynamodb.answers import Answers
from pannier_server.backends.dynamodb.capacity import CapacityCount
from pannier_server.backends.dynamodb.cleanup import Cleanup
from pannier_server.backends.dynamodb.expressions import Expressions, Request
from pannier_server.backends.dynamodb.layout import DynamoDBLocation
from pannier_server.backends.dynamodb.rows import RowFormat
from pannier_server.backends.dynamodb.table_status import TableStatus
from pannier_server.backends.dynamodb.wire.client import DynamoDBClient
from pannier_server.backends.dynamodb.wire.errors import (
    ConditionFailed,
    ItemTooLarge,
    ValidationFailed,
)
from pannier_server.backends.dynamodb.wire.retries import Effect
from pannier_server.backends.dynamodb.wire.settings import WireSettings
from pannier_server.backends.errors import (
    DataTooLarge,
    KeyTooLong,
    StorageError,
    TableMisconfigured,
    WriteOutcome,
)
from pannier_server.backends.etags import format_etag, parse_etag
from pannier_server.backends.rules import CorruptRow, Row

if TYPE_CHECKING:
    from pannier_server.backends.dynamodb.transfer import DynamoDBTransfer

# DynamoDB takes rows of up to 400 KB (409,600 bytes), keys and names of attributes
# included; this leaves room for the longest key.
_MAX_DATA_BYTES = 400_000

_WRONG_KEYS = re.compile(
    r"does not match the schema|required keys was not given|missed key schema|"
    r"Type mismatch for key|Missing the key"
)
_KEY_TOO_LONG = re.compile(
    r"Size of (hash|range)key|primary key values must be under|range keys has exceeded"
)


class DynamoDBBackend:
    """Keeps records in one table; see `pannier_server.backends.dynamodb.layout`."""

    max_data_bytes = _MAX_DATA_BYTES

    def __init__(self, location: DynamoDBLocation) -> None:
        """Take what the store URL says."""
        layout = location.layout
        self.expiry_json_field = location.expiry_json_field
        self._table = layout.table
        self._settings = WireSettings(region=location.region, endpoint=location.endpoint)
        self._client: DynamoDBClient | None = None
        self._rows = RowFormat(layout)
        self._requests = Expressions(layout, self._rows)
        self._answers = Answers(self._rows)
        self._cleanup = Cleanup(self._call, self._requests, self._answers)
        self._status = TableStatus(layout)
        self._capacity: CapacityCount | None = None

    @property
    def description(self) -> str:
        """What and where the store is."""
        place = f" at {self._client.endpoint.address}" if self._client else ""
        return f"DynamoDB table {self._table}{place}"

    @property
    def client(self) -> DynamoDBClient | None:
        """The wire to DynamoDB; None while it is not open."""
        return self._client

    def count_capacity(self) -> CapacityCount:
        """Have DynamoDB say from now on what each request consumes, and return the count."""
        self._capacity = CapacityCount()
        return self._capacity

    async def open(self) -> None:
        """Find region and endpoint; connections are made as calls need them."""
        self._client = await DynamoDBClient.open(self._settings)

    async def close(self) -> None:
        """Close the connections."""
        if self._client:
            await self._client.close()
            self._client = None

    async def check(self, call: Call) -> None:
        """Return when the table answers, is active and has the configured keys."""
        await self._status.check(self._call, call)

    async def get(self, key: Key, *, consistent: bool, call: Call) -> Record:
        """Return the live record at a key, by one GetItem."""
        request = self._requests.get(key, consistent=consistent)
        row = self._answers.get(await self._call("GetItem", request, call, owner=key.owner))
        return rules.read_row(row, key, call.now)

    async def put(self, key: Key, write: Write, call: Call) -> Written:
        """Write a record whatever is there, by one UpdateItem."""
        try:
            body = await self._write(self._requests.put(key, write), key, write, call)
        except ConditionFailed as failed:
            row = self._answers.item(failed.item)
            with _explaining(failed):
                return _earlier_attempt(rules.put_over(row, write))
        return self._written(body, write)

    async def put_if_version(
        self, key: Key, write: Write, *, expected_version: int, etag: str, call: Call
    ) -> Written:
        """Write a record over the expected version only, by one UpdateItem."""
        if not expected_version:
            request = self._requests.create(key, write, call.now)
        else:
            request = self._requests.put_if_version(
                key,
                write,
                expected_version=expected_version,
                etag=parse_etag(etag) if etag else None,
                now=call.now,
            )
        try:
            body = await self._write(request, key, write, call)
        except ConditionFailed as failed:
            row = self._answers.item(failed.item)
            if isinstance(row, Row) and rules.proves_not_applied(
                row, expected_version=expected_version, etag=etag
            ):
                failed.write_outcome = WriteOutcome.NOT_APPLIED
            with _explaining(failed):
                return _earlier_attempt(
                    rules.put_over_version(
                        row, write, expected_version=expected_version, etag=etag, now=call.now
                    )
                )
        if not expected_version:
            return self._written(body, write)
        return Written(expected_version + 1, format_etag(expected_version + 1, write.write_id))

    async def delete(
        self, key: Key, *, expected_version: int | None, etag: str, call: Call
    ) -> bool:
        """Delete a record, unconditionally or at a version or etag only, by one DeleteItem.

        Only with an etag is a delete sent again after an attempt whose outcome is
        unknown: without one it could remove what someone else wrote since.
        """
        wanted = parse_etag(etag) if etag else None
        version = wanted.version if wanted else expected_version
        if version is None:
            return await self._delete_any(key, call)
        request = self._requests.delete_version(key, version=version, etag=wanted, now=call.now)
        effect = Effect.WRITE if wanted else Effect.WRITE_ONCE
        try:
            await self._call("DeleteItem", request, call, effect, owner=key.owner)
        except ConditionFailed as failed:
            row = self._answers.item(failed.item)
            with _explaining(failed):
                if rules.delete_over(
                    row, expected_version=expected_version, etag=etag, now=call.now
                ):
                    raise _contradiction() from None
            return False
        return True

    async def list_page(self, request: PageRequest, call: Call) -> Page:
        """Return the next rows of a list, by one Query."""
        query = self._requests.list_page(request, call.now)
        body = await self._call("Query", query, call, owner=request.prefix.owner)
        found = self._answers.query(body)
        rows: list[Record | Unreadable] = []
        size = 0
        for name, row in found.rows:
            if size >= request.max_bytes:
                return Page(rows, rows[-1].key.name)
            shown = rules.list_row(row, Key(request.prefix.owner, name), call.now)
            if shown is not None:
                rows.append(shown)
                size += len(shown.data) if isinstance(shown, Record) else 0
        return Page(rows, found.last_name)

    async def cleanup_expired(self, prefix: Prefix | None, *, limit: int, call: Call) -> Cleaned:
        """Remove an owner's expired records now; without a prefix leave it to the table's TTL."""
        if prefix is None:
            return Cleaned(0, more=False)
        return await self._cleanup.remove(prefix, limit=limit, call=call)

    def transfer(self) -> "DynamoDBTransfer":
        """Return what copies records out of the table and into it."""
        from pannier_server.backends.dynamodb.transfer import DynamoDBTransfer

        return DynamoDBTransfer(
            self.open, self._call, self._requests, max_data_bytes=_MAX_DATA_BYTES
        )

    async def _delete_any(self, key: Key, call: Call) -> bool:
        request = self._requests.delete(key)
        try:
            body = await self._call("DeleteItem", request, call, Effect.WRITE_ONCE, owner=key.owner)
        except ConditionFailed:
            return False
        row = self._answers.change(body)
        return rules.delete_over(row, expected_version=None, etag="", now=call.now)

    def _written(self, body: bytes, write: Write) -> Written:
        """Return what an UpdateItem wrote, from the new values that it answers."""
        row = self._answers.change(body)
        if not isinstance(row, Row):
            # No condition can see that a number has a fraction.
            problem = row.problem if isinstance(row, CorruptRow) else "it has no attributes"
            error = rules.corrupt(problem)
            error.write_outcome = WriteOutcome.UNKNOWN
            raise error
        return Written(row.version, format_etag(row.version, write.write_id))

    async def _write(self, request: Request, key: Key, write: Write, call: Call) -> bytes:
        try:
            return await self._call("UpdateItem", request, call, Effect.WRITE, owner=key.owner)
        except ItemTooLarge as error:
            raise DataTooLarge(actual_bytes=len(write.data), limit_bytes=_MAX_DATA_BYTES) from error

    async def _call(
        self,
        operation: str,
        request: Request,
        call: Call,
        effect: Effect = Effect.READ,
        *,
        owner: str = "",
    ) -> bytes:
        """Make a request; a write is one that its condition keeps from applying twice.

        One without an owner takes no part of the table's throughput.
        """
        assert self._client is not None, "the backend is open"
        capacity = self._capacity if owner else None
        if capacity is not None:
            capacity.ask(request)
        try:
            body = await self._client.call(
                operation,
                msgspec.json.encode(request),
                effect=effect,
                deadline=call.deadline,
                owner=owner,
            )
        except ValidationFailed as error:
            self._raise_invalid(error)
        if capacity is not None:
            capacity.note(operation, body)
        return body

    def _raise_invalid(self, error: ValidationFailed) -> NoReturn:
        if _WRONG_KEYS.search(error.message):
            raise TableMisconfigured(
                f"table {self._table} has other keys than configured; "
                "`pannier table check` says which, and the store URL can name them"
            ) from None
        if _KEY_TOO_LONG.search(error.message):
            raise KeyTooLong(
                f"the key is longer than table {self._table} can hold beside its prefixes"
            ) from None
        raise StorageError(
            "DynamoDB finds the request invalid", write_outcome=error.write_outcome
        ) from error


@contextmanager
def _explaining(failed: ConditionFailed) -> Iterator[None]:
    """Give an error that explains a failed condition the outcome of all attempts."""
    try:
        yield
    except StorageError as error:
        error.write_outcome = failed.write_outcome
        raise


def _earlier_attempt(decision: Row | Written) -> Written:
    """Return what an earlier attempt wrote, the one reason left for a failed condition."""
    if isinstance(decision, Row):
        raise _contradiction()
    return decision


def _contradiction() -> StorageError:
    """Return the error for expressions and rules that disagree; tests walk all states."""
    return StorageError("a condition failed that holds")
