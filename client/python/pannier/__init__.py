"""Python client for Pannier, the gRPC storage sidecar for versioned records.

`connect` gives a `Store`; `pannier.aio.connect` the same for asyncio.

Example:
    >>> with pannier.connect(address) as store:
    ...     written = store.put(pannier.key("alice", "task:1"), b"to do")
    ...     store.get("alice:task:1").data
    b'to do'
"""

from pannier import aio
from pannier.addresses import claim_directory, default_socket_path
from pannier.errors import (
    AlreadyExists,
    CorruptRecord,
    DataTooLarge,
    DeadlineExceeded,
    InternalError,
    InvalidArgument,
    NotFound,
    OutcomeUnknown,
    Overloaded,
    PannierError,
    PermissionDenied,
    RequestIdReused,
    StoreClosed,
    StoreMisconfigured,
    Throttled,
    Unauthenticated,
    Unavailable,
    UnreadableRecords,
    VersionConflict,
    WriteOutcome,
)
from pannier.keys import key, prefix
from pannier.records import CleanupResult, Page, Record, Unreadable, Written
from pannier.retries import NO_RETRIES, RetryPolicy
from pannier.store import Store, connect

__version__ = "0.1.0"

__all__ = [
    "NO_RETRIES",
    "AlreadyExists",
    "CleanupResult",
    "CorruptRecord",
    "DataTooLarge",
    "DeadlineExceeded",
    "InternalError",
    "InvalidArgument",
    "NotFound",
    "OutcomeUnknown",
    "Overloaded",
    "Page",
    "PannierError",
    "PermissionDenied",
    "Record",
    "RequestIdReused",
    "RetryPolicy",
    "Store",
    "StoreClosed",
    "StoreMisconfigured",
    "Throttled",
    "Unauthenticated",
    "Unavailable",
    "Unreadable",
    "UnreadableRecords",
    "VersionConflict",
    "WriteOutcome",
    "Written",
    "aio",
    "claim_directory",
    "connect",
    "default_socket_path",
    "key",
    "prefix",
]
