"""How records are shown: JSON lines for scripts, and text for people."""

import base64
import json
import math
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, TextIO

from pannier_server.units import format_duration, format_size

if TYPE_CHECKING:
    from pannier import Record, Written

# Rows that are aligned with each other; a list is shown while it still arrives.
_ROWS_AT_ONCE = 100


def print_json(values: dict[str, Any]) -> None:
    """Print one JSON object in one line."""
    print(json.dumps(values, ensure_ascii=False))


def record_json(record: "Record", *, with_data: bool = True) -> dict[str, Any]:
    """Return a record for JSON: data as text where it is UTF-8, else in base64."""
    return {
        "key": record.key,
        **(_data_json(record.data) if with_data else {}),
        **facts_json(record.version, record.etag, record.expire_time),
    }


def facts_json(version: int, etag: str, expire_time: datetime | None) -> dict[str, Any]:
    """Return what is known of a record beside its data, for JSON."""
    return {"version": version, "etag": etag, "expire_time": format_time(expire_time)}


def _data_json(data: bytes) -> dict[str, str]:
    try:
        return {"data": data.decode()}
    except UnicodeDecodeError:
        return {"data_base64": base64.b64encode(data).decode()}


def format_time(moment: datetime | None) -> str | None:
    """Return a time in UTC as RFC 3339; None for none."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def expires_in(moment: datetime | None) -> str:
    """Return for people how long a record has still to live."""
    if moment is None:
        return "never"
    return format_duration(max(math.ceil((moment - datetime.now(UTC)).total_seconds()), 0))


def printable(text: str) -> str:
    """Return text without what a terminal would obey or what would break the line."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )


def print_facts(key: str, facts: "Record | Written", *, size: int, file: TextIO) -> None:
    """Print what is known of a record beside its data, one fact a line."""
    lines = {
        "key": printable(key),
        "version": facts.version,
        "etag": facts.etag,
        "expires": _expiry(facts.expire_time),
        "size": format_size(size),
    }
    for name, value in lines.items():
        print(f"{name:<7}  {value}", file=file)


def _expiry(moment: datetime | None) -> str:
    if moment is None:
        return "never"
    passed = moment <= datetime.now(UTC)
    return f"{format_time(moment)} ({'has passed' if passed else f'in {expires_in(moment)}'})"


def print_table(records: "Iterable[Record]", *, details: bool) -> None:
    """Print records as a table, piece by piece while they arrive."""
    widths = [0] * (6 if details else 4)
    heading = ["KEY", "VERSION", "EXPIRES IN", "SIZE", "EXPIRES", "ETAG"][: len(widths)]
    rows = (_row(record)[: len(widths)] for record in records)
    while chunk := list(islice(rows, _ROWS_AT_ONCE)):
        lines, heading = [heading, *chunk] if heading else chunk, []
        widths = [
            max(width, *map(len, cells)) for width, *cells in zip(widths, *lines, strict=True)
        ]
        for line in lines:
            print(_aligned(line, widths))
        sys.stdout.flush()


def _row(record: "Record") -> list[str]:
    return [
        printable(record.key),
        str(record.version),
        expires_in(record.expire_time),
        format_size(len(record.data)),
        format_time(record.expire_time) or "never",
        record.etag,
    ]


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    # Numbers end in one line; texts begin in one.
    numbers = {1, 3}
    padded = (
        cell.rjust(width) if column in numbers else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join(padded).rstrip()
