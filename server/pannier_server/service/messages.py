"""Records of the backends as messages of the contract."""

from pannier.v1 import storage_pb2 as pb
from pannier_server.backends.contract import Key, Record
from pannier_server.service.expiry import to_timestamp


def to_key(key: Key) -> str:
    """Return a key as callers write it."""
    return f"{key.owner}:{key.name}"


def to_record(record: Record, *, with_data: bool = True) -> pb.Record:
    """Return a record as a message, with or without its data."""
    message = pb.Record()
    fill_record(message, record, with_data=with_data)
    return message


def fill_record(message: pb.Record, record: Record, *, with_data: bool = True) -> None:
    """Write a record into a new message.

    Setting fields takes a third of the time of a constructor with keywords.
    """
    message.key = to_key(record.key)
    if with_data:
        message.data = record.data
    message.version = record.version
    message.etag = record.etag
    expire_time = to_timestamp(record.expires_at)
    if expire_time is not None:
        message.expire_time.CopyFrom(expire_time)
