"""Whether a result is what a scenario expects."""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any


def mismatch(expected: Any, actual: Any, where: str = "it") -> str | None:
    """Return what is wrong with a result, or None where it matches."""
    if isinstance(expected, dict):
        matcher = _MATCHERS.get(next(iter(expected), ""))
        if matcher:
            return None if matcher(expected, actual) else f"{where} is {actual!r}, not {expected!r}"
        return _object_mismatch(expected, actual, where)
    if isinstance(expected, list):
        return _list_mismatch(expected, actual, where)
    return None if _equal(expected, actual) else f"{where} is {actual!r}, not {expected!r}"


def _object_mismatch(expected: Mapping[str, Any], actual: Any, where: str) -> str | None:
    if not isinstance(actual, dict):
        return f"{where} is {actual!r}, not {expected!r}"
    for name, part in expected.items():
        problem = mismatch(part, actual.get(name), f"{where}.{name}")
        if problem:
            return problem
    return None


def _list_mismatch(expected: list[Any], actual: Any, where: str) -> str | None:
    if not isinstance(actual, list) or len(actual) != len(expected):
        return f"{where} is {actual!r}, not {expected!r}"
    for index, (wanted, found) in enumerate(zip(expected, actual, strict=True)):
        problem = mismatch(wanted, found, f"{where}.{index}")
        if problem:
            return problem
    return None


def _equal(expected: Any, actual: Any) -> bool:
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, int) and isinstance(actual, str):
        return str(expected) == actual
    if isinstance(expected, str) and isinstance(actual, int):
        return expected == str(actual)
    return bool(expected == actual)


def _is_in_seconds(expected: Mapping[str, Any], actual: Any) -> bool:
    if not isinstance(actual, str):
        return False
    least, most = expected["$in_seconds"]
    seconds = (datetime.fromisoformat(actual) - datetime.now(UTC)).total_seconds()
    return bool(least <= seconds <= most)


def _is_between(expected: Mapping[str, Any], actual: Any) -> bool:
    return isinstance(actual, int | float) and expected["$from"] <= actual <= expected["$to"]


_MATCHERS: Mapping[str, Callable[[Mapping[str, Any], Any], bool]] = {
    "$one_of": lambda wanted, found: any(mismatch(one, found) is None for one in wanted["$one_of"]),
    "$not": lambda wanted, found: mismatch(wanted["$not"], found) is not None,
    "$any": lambda _, found: found is not None and found != "",
    "$from": _is_between,
    "$length": lambda wanted, found: isinstance(found, list) and len(found) == wanted["$length"],
    "$contains": lambda wanted, found: isinstance(found, str) and wanted["$contains"] in found,
    "$in_seconds": _is_in_seconds,
    "repeat": lambda wanted, found: wanted["repeat"] * wanted["times"] == found,
    "base64": lambda wanted, found: _as_bytes(wanted) == _as_bytes(found),
}


def _as_bytes(data: Any) -> bytes:
    return base64.b64decode(data["base64"]) if isinstance(data, dict) else str(data).encode()
