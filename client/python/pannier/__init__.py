"""Python client for Pannier, the gRPC storage sidecar for versioned records.

`connect` gives a `Store`; `pannier.aio.connect` the same for asyncio.

Example:
    >>> with pannier.connect(address) as store:
    ...     written = store.put(pannier.key("alice", "task:1"), b"to do")
    ...     store.get("alice:task:1").data
    b'to do'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

# Loaded when they are first used: gRPC takes long, and the sidecar needs only a part of this.
_MODULES = {
    "addresses": ("claim_directory", "default_socket_path"),
    "keys": ("key", "prefix"),
    "records": ("CleanupResult", "Page", "Record", "Unreadable", "Written"),
    "retries": ("NO_RETRIES", "RetryPolicy"),
    "store": ("Store", "connect"),
}
_PLACES = {name: module for module, names in _MODULES.items() for name in names}
_SUBMODULES = {"aio", "errors", *_MODULES}


def __getattr__(name: str) -> Any:
    """Return a public name from the module that defines it."""
    if name in _SUBMODULES:
        return import_module(f"pannier.{name}")
    if name not in __all__:
        raise AttributeError(f"module 'pannier' has no attribute {name!r}")
    module = import_module(f"pannier.{_PLACES.get(name, 'errors')}")
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return [*__all__, "__version__"]
