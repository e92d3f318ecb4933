"""Records of the backends as messages of the contract."""

from pannier.v1 import storage_pb2 as pb
from pannier_server.backends.contract import Key, Record
from pannier_server.service.expiry import to_timestamp


def to_key(key: Key) -> str:
    """Return a key as callers write it."""
    return f"{key.owner}:{key.name}"


def to_record(record: Record, *, with_data: bool = True) -> pb.Record:
    """Return a record as a message, with or without its data."""
    return pb.Record(
        key=to_key(record.key),
        data=record.data if with_data else b"",
        version=record.version,
        etag=record.etag,
        expire_time=to_timestamp(record.expires_at),
    )
