import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Consistency(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONSISTENCY_UNSPECIFIED: _ClassVar[Consistency]
    CONSISTENCY_STRONG: _ClassVar[Consistency]
    CONSISTENCY_EVENTUAL: _ClassVar[Consistency]

class Order(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDER_UNSPECIFIED: _ClassVar[Order]
    ORDER_ASCENDING: _ClassVar[Order]
    ORDER_DESCENDING: _ClassVar[Order]

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_RECORD_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_VERSION_CONFLICT: _ClassVar[ErrorReason]
    ERROR_REASON_RECORD_EXISTS: _ClassVar[ErrorReason]
    ERROR_REASON_MESSAGE_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_KEY_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_DATA_TOO_LARGE: _ClassVar[ErrorReason]
    ERROR_REASON_PREFIX_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_PAGE_TOKEN_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_PAGE_SIZE_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_EXPECTED_VERSION_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_ETAG_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_EXPIRE_TIME_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_REQUEST_ID_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_REQUEST_ID_REUSED: _ClassVar[ErrorReason]
    ERROR_REASON_UNAUTHENTICATED: _ClassVar[ErrorReason]
    ERROR_REASON_PERMISSION_DENIED: _ClassVar[ErrorReason]
    ERROR_REASON_THROTTLED: _ClassVar[ErrorReason]
    ERROR_REASON_OVERLOADED: _ClassVar[ErrorReason]
    ERROR_REASON_TABLE_MISSING: _ClassVar[ErrorReason]
    ERROR_REASON_TABLE_MISCONFIGURED: _ClassVar[ErrorReason]
    ERROR_REASON_ACCESS_DENIED: _ClassVar[ErrorReason]
    ERROR_REASON_CREDENTIALS_MISSING: _ClassVar[ErrorReason]
    ERROR_REASON_KEY_SERVICE: _ClassVar[ErrorReason]
    ERROR_REASON_STORE_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_DRAINING: _ClassVar[ErrorReason]
    ERROR_REASON_DEADLINE_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_RECORD_CORRUPT: _ClassVar[ErrorReason]
    ERROR_REASON_INTERNAL: _ClassVar[ErrorReason]
CONSISTENCY_UNSPECIFIED: Consistency
CONSISTENCY_STRONG: Consistency
CONSISTENCY_EVENTUAL: Consistency
ORDER_UNSPECIFIED: Order
ORDER_ASCENDING: Order
ORDER_DESCENDING: Order
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_RECORD_NOT_FOUND: ErrorReason
ERROR_REASON_VERSION_CONFLICT: ErrorReason
ERROR_REASON_RECORD_EXISTS: ErrorReason
ERROR_REASON_MESSAGE_INVALID: ErrorReason
ERROR_REASON_KEY_INVALID: ErrorReason
ERROR_REASON_DATA_TOO_LARGE: ErrorReason
ERROR_REASON_PREFIX_INVALID: ErrorReason
ERROR_REASON_PAGE_TOKEN_INVALID: ErrorReason
ERROR_REASON_PAGE_SIZE_INVALID: ErrorReason
ERROR_REASON_EXPECTED_VERSION_INVALID: ErrorReason
ERROR_REASON_ETAG_INVALID: ErrorReason
ERROR_REASON_EXPIRE_TIME_INVALID: ErrorReason
ERROR_REASON_REQUEST_ID_INVALID: ErrorReason
ERROR_REASON_REQUEST_ID_REUSED: ErrorReason
ERROR_REASON_UNAUTHENTICATED: ErrorReason
ERROR_REASON_PERMISSION_DENIED: ErrorReason
ERROR_REASON_THROTTLED: ErrorReason
ERROR_REASON_OVERLOADED: ErrorReason
ERROR_REASON_TABLE_MISSING: ErrorReason
ERROR_REASON_TABLE_MISCONFIGURED: ErrorReason
ERROR_REASON_ACCESS_DENIED: ErrorReason
ERROR_REASON_CREDENTIALS_MISSING: ErrorReason
ERROR_REASON_KEY_SERVICE: ErrorReason
ERROR_REASON_STORE_UNAVAILABLE: ErrorReason
ERROR_REASON_DRAINING: ErrorReason
ERROR_REASON_DEADLINE_EXCEEDED: ErrorReason
ERROR_REASON_RECORD_CORRUPT: ErrorReason
ERROR_REASON_INTERNAL: ErrorReason

class Record(_message.Message):
    __slots__ = ("key", "data", "version", "etag", "expire_time")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    key: str
    data: bytes
    version: int
    etag: str
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, key: _Optional[str] = ..., data: _Optional[bytes] = ..., version: _Optional[int] = ..., etag: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetRequest(_message.Message):
    __slots__ = ("key", "consistency")
    KEY_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_FIELD_NUMBER: _ClassVar[int]
    key: str
    consistency: Consistency
    def __init__(self, key: _Optional[str] = ..., consistency: _Optional[_Union[Consistency, str]] = ...) -> None: ...

class GetResponse(_message.Message):
    __slots__ = ("record",)
    RECORD_FIELD_NUMBER: _ClassVar[int]
    record: Record
    def __init__(self, record: _Optional[_Union[Record, _Mapping]] = ...) -> None: ...

class PutRequest(_message.Message):
    __slots__ = ("key", "data", "expire_time", "never_expires", "request_id")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    NEVER_EXPIRES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    key: str
    data: bytes
    expire_time: _timestamp_pb2.Timestamp
    never_expires: bool
    request_id: str
    def __init__(self, key: _Optional[str] = ..., data: _Optional[bytes] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., never_expires: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class PutResponse(_message.Message):
    __slots__ = ("version", "etag", "expire_time")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    version: int
    etag: str
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, version: _Optional[int] = ..., etag: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PutIfVersionRequest(_message.Message):
    __slots__ = ("key", "data", "expire_time", "never_expires", "request_id", "expected_version", "etag")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    NEVER_EXPIRES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    key: str
    data: bytes
    expire_time: _timestamp_pb2.Timestamp
    never_expires: bool
    request_id: str
    expected_version: int
    etag: str
    def __init__(self, key: _Optional[str] = ..., data: _Optional[bytes] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., never_expires: _Optional[bool] = ..., request_id: _Optional[str] = ..., expected_version: _Optional[int] = ..., etag: _Optional[str] = ...) -> None: ...

class PutIfVersionResponse(_message.Message):
    __slots__ = ("version", "etag", "expire_time")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    version: int
    etag: str
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, version: _Optional[int] = ..., etag: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DeleteRequest(_message.Message):
    __slots__ = ("key", "expected_version", "etag")
    KEY_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    key: str
    expected_version: int
    etag: str
    def __init__(self, key: _Optional[str] = ..., expected_version: _Optional[int] = ..., etag: _Optional[str] = ...) -> None: ...

class DeleteResponse(_message.Message):
    __slots__ = ("deleted",)
    DELETED_FIELD_NUMBER: _ClassVar[int]
    deleted: bool
    def __init__(self, deleted: _Optional[bool] = ...) -> None: ...

class ListByPrefixRequest(_message.Message):
    __slots__ = ("prefix", "page_size", "page_token", "limit", "keys_only", "order", "consistency")
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    KEYS_ONLY_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_FIELD_NUMBER: _ClassVar[int]
    prefix: str
    page_size: int
    page_token: str
    limit: int
    keys_only: bool
    order: Order
    consistency: Consistency
    def __init__(self, prefix: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., limit: _Optional[int] = ..., keys_only: _Optional[bool] = ..., order: _Optional[_Union[Order, str]] = ..., consistency: _Optional[_Union[Consistency, str]] = ...) -> None: ...

class ListByPrefixResponse(_message.Message):
    __slots__ = ("records", "next_page_token", "unreadable")
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[Record]
    next_page_token: str
    unreadable: _containers.RepeatedCompositeFieldContainer[UnreadableRecord]
    def __init__(self, records: _Optional[_Iterable[_Union[Record, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., unreadable: _Optional[_Iterable[_Union[UnreadableRecord, _Mapping]]] = ...) -> None: ...

class UnreadableRecord(_message.Message):
    __slots__ = ("key", "problem")
    KEY_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    key: str
    problem: str
    def __init__(self, key: _Optional[str] = ..., problem: _Optional[str] = ...) -> None: ...

class CleanupExpiredRequest(_message.Message):
    __slots__ = ("prefix", "limit")
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    prefix: str
    limit: int
    def __init__(self, prefix: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class CleanupExpiredResponse(_message.Message):
    __slots__ = ("removed", "more")
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    removed: int
    more: bool
    def __init__(self, removed: _Optional[int] = ..., more: _Optional[bool] = ...) -> None: ...

class VersionConflict(_message.Message):
    __slots__ = ("expected_version", "actual_version", "actual_etag")
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_VERSION_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_ETAG_FIELD_NUMBER: _ClassVar[int]
    expected_version: int
    actual_version: int
    actual_etag: str
    def __init__(self, expected_version: _Optional[int] = ..., actual_version: _Optional[int] = ..., actual_etag: _Optional[str] = ...) -> None: ...

class DataTooLarge(_message.Message):
    __slots__ = ("actual_bytes", "limit_bytes")
    ACTUAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    actual_bytes: int
    limit_bytes: int
    def __init__(self, actual_bytes: _Optional[int] = ..., limit_bytes: _Optional[int] = ...) -> None: ...
