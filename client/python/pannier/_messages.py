"""Arguments into request messages, and answers into what the store returns."""

import uuid
from datetime import datetime
from typing import Literal, TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp

from pannier._expiry import ExpiryFields, from_timestamp, keep_expiry
from pannier.records import CleanupResult, Page, Record, Unreadable, Written
from pannier.v1 import storage_pb2 as pb

Data: TypeAlias = bytes | bytearray | memoryview
"""What can be written as a record's data."""

Consistency: TypeAlias = Literal["strong", "eventual"]
"""How fresh a read must be: ``"strong"`` sees every write answered before it began."""

Order: TypeAlias = Literal["ascending", "descending"]
"""The order of a list, by the bytes of the keys."""

_CONSISTENCY = {"strong": pb.CONSISTENCY_STRONG, "eventual": pb.CONSISTENCY_EVENTUAL}
_ORDER = {"ascending": pb.ORDER_ASCENDING, "descending": pb.ORDER_DESCENDING}


def get_request(key: str, consistency: Consistency) -> pb.GetRequest:
    """Return the request of Get."""
    return pb.GetRequest(key=key, consistency=wire_consistency(consistency))


def put_request(
    key: str, data: Data, expiry: ExpiryFields, request_id: str | uuid.UUID | None
) -> pb.PutRequest:
    """Return the request of Put, the same one for all its attempts."""
    return pb.PutRequest(key=key, data=as_bytes(data), request_id=_request_id(request_id), **expiry)


def put_if_version_request(
    key: str,
    data: Data,
    expiry: ExpiryFields,
    request_id: str | uuid.UUID | None,
    *,
    expected_version: int,
    etag: str,
) -> pb.PutIfVersionRequest:
    """Return the request of PutIfVersion, the same one for all its attempts."""
    return pb.PutIfVersionRequest(
        key=key,
        data=as_bytes(data),
        request_id=_request_id(request_id),
        expected_version=expected_version,
        etag=etag,
        **expiry,
    )


def change_request(record: Record, data: Data, expiry: ExpiryFields) -> pb.PutIfVersionRequest:
    """Return the request that writes over exactly this version of a record.

    Where the caller says nothing about expiry the record keeps its own; one without is
    written as never expiring, so that no setting of the server can give it one.
    """
    return put_if_version_request(
        record.key,
        data,
        expiry or keep_expiry(record.expire_time),
        None,
        expected_version=record.version,
        etag=record.etag,
    )


def delete_request(key: str, expected_version: int | None, etag: str) -> pb.DeleteRequest:
    """Return the request of Delete."""
    return pb.DeleteRequest(key=key, expected_version=expected_version, etag=etag)


def wire_consistency(consistency: Consistency) -> pb.Consistency:
    """Return the contract's value.

    Raises:
        ValueError: It is none of the two.
    """
    try:
        return _CONSISTENCY[consistency]
    except KeyError:
        raise ValueError(
            f'consistency must be "strong" or "eventual", not {consistency!r}'
        ) from None


def wire_order(order: Order) -> pb.Order:
    """Return the contract's value.

    Raises:
        ValueError: It is none of the two.
    """
    try:
        return _ORDER[order]
    except KeyError:
        raise ValueError(f'order must be "ascending" or "descending", not {order!r}') from None


def as_bytes(data: Data) -> bytes:
    """Return data as bytes.

    Raises:
        TypeError: It is not bytes-like; text has to be encoded first.
    """
    if isinstance(data, bytes):
        return data
    if isinstance(data, bytearray | memoryview):
        return bytes(data)
    hint = "; encode text first, as in text.encode()" if isinstance(data, str) else ""
    raise TypeError(f"data must be bytes, not {type(data).__name__}{hint}")


def read_record(record: pb.Record) -> Record:
    """Return a record of an answer."""
    return Record(record.key, record.data, record.version, record.etag, _expire_time(record))


def read_written(answer: pb.PutResponse | pb.PutIfVersionResponse) -> Written:
    """Return what a write made."""
    return Written(answer.version, answer.etag, _expire_time(answer))


def read_changed(record: Record, data: bytes, answer: pb.PutIfVersionResponse) -> Record:
    """Return a record as a write over it left it."""
    return Record(record.key, data, answer.version, answer.etag, _expire_time(answer))


def read_page(page: pb.ListByPrefixResponse) -> Page:
    """Return a page of a list."""
    return Page(
        tuple(read_record(record) for record in page.records),
        page.next_page_token,
        tuple(Unreadable(row.key, row.problem) for row in page.unreadable),
    )


def read_cleanup(answer: pb.CleanupExpiredResponse) -> CleanupResult:
    """Return what a clean-up did."""
    return CleanupResult(answer.removed, answer.more)


def _request_id(request_id: str | uuid.UUID | None) -> str:
    return str(request_id or uuid.uuid4())


def _expire_time(
    message: pb.Record | pb.PutResponse | pb.PutIfVersionResponse,
) -> datetime | None:
    if not message.HasField("expire_time"):
        return None
    stamp: Timestamp = message.expire_time
    return from_timestamp(stamp)
