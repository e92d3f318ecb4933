"""What the client answers and raises, as JSON values."""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pannier


class ChangeFailed(Exception):
    """What a change of an update raises where the scenario says so."""


def data_json(data: bytes) -> Any:
    """Write data as a string where it is UTF-8, else in base 64."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def time_json(time: datetime | None) -> str | None:
    """Write a time as RFC 3339 in UTC."""
    return None if time is None else time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def record_json(record: pannier.Record) -> dict[str, Any]:
    """Write a record."""
    return {
        "key": record.key,
        "data": data_json(record.data),
        "version": record.version,
        "etag": record.etag,
        "expire_time": time_json(record.expire_time),
    }


def written_json(written: pannier.Written) -> dict[str, Any]:
    """Write what a write made."""
    return {
        "version": written.version,
        "etag": written.etag,
        "expire_time": time_json(written.expire_time),
    }


def unreadable_json(row: pannier.Unreadable) -> dict[str, Any]:
    """Write a row that is no record."""
    return {"key": row.key, "problem": row.problem}


def page_json(page: pannier.Page) -> dict[str, Any]:
    """Write a page of a list."""
    return {
        "records": [record_json(record) for record in page.records],
        "next_page_token": page.next_page_token,
        "unreadable": [unreadable_json(row) for row in page.unreadable],
    }


def error_json(error: Exception) -> dict[str, Any]:
    """Write an error with its facts."""
    if isinstance(error, ChangeFailed):
        return {"kind": "ChangeFailed", "message": str(error)}
    if not isinstance(error, pannier.PannierError):
        return {"kind": "ArgumentError", "message": str(error)}
    outcome = error.write_outcome
    return {
        "kind": type(error).__name__,
        "message": error.message,
        "code": error.code.name,
        "reason": error.reason,
        "write_outcome": outcome.value if outcome else None,
        **_facts(error),
    }


def _facts(error: pannier.PannierError) -> dict[str, Any]:
    for kind, facts in _FACTS.items():
        if isinstance(error, kind):
            return facts(error)
    return {}


_FACTS: Mapping[type[pannier.PannierError], Callable[[Any], dict[str, Any]]] = {
    pannier.VersionConflict: lambda error: {
        "expected_version": error.expected_version,
        "actual_version": error.actual_version,
        "actual_etag": error.actual_etag,
    },
    pannier.DataTooLarge: lambda error: {
        "actual_bytes": error.actual_bytes,
        "limit_bytes": error.limit_bytes,
    },
    pannier.Throttled: lambda error: {"retry_delay_seconds": error.retry_delay},
    pannier.OutcomeUnknown: lambda error: {
        "record": record_json(error.record),
        "data": data_json(error.data),
    },
    pannier.UnreadableRecords: lambda error: {
        "unreadable": [unreadable_json(row) for row in error.unreadable],
        "count": error.count,
    },
}
