"""Sizes and durations as people write them: ``350KiB``, ``500ms``, ``1h30m``."""

import re
from itertools import pairwise

_BYTES = {
    "": 1,
    "b": 1,
    "kb": 1000,
    "kib": 1024,
    "mb": 1000**2,
    "mib": 1024**2,
    "gb": 1000**3,
    "gib": 1024**3,
}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_WRITTEN = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"\d+(\.\d+)?", re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*", re.IGNORECASE | re.ASCII)


def parse_size(text: str) -> int:
    """Return a size in bytes from a number with an optional unit, such as ``350KiB``.

    Raises:
        ValueError: It is not a whole number of bytes in a known unit.
    """
    match = _SIZE.fullmatch(text.strip())
    unit = _BYTES.get(match[2].lower()) if match else None
    size = float(match[1]) * unit if match and unit else 0.5
    if not size.is_integer():
        raise ValueError(f"{text!r} is not a size; write bytes, or a unit as in 350KiB or 1MB")
    return int(size)


def parse_duration(text: str) -> float:
    """Return a duration in seconds, from plain seconds or with units: ``10s``, ``1h30m``.

    Raises:
        ValueError: It is neither.
    """
    stripped = text.strip()
    if _NUMBER.fullmatch(stripped):
        return float(stripped)
    parts = _DURATION_PART.findall(stripped)
    if not parts or _DURATION_PART.sub("", stripped):
        raise ValueError(f"{text!r} is not a duration; write seconds, or a unit as in 500ms or 10s")
    return sum(float(number) * _SECONDS[unit.lower()] for number, unit in parts)


def format_size(size: int) -> str:
    """Return a size for people, in at most one decimal: ``512 B``, ``1.5 KiB``."""
    if size < 1024:
        return f"{size} B"
    for unit, factor in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if size >= factor:
            return f"{size / factor:.1f}".removesuffix(".0") + f" {unit}"
    raise AssertionError(size)


def format_duration(seconds: float) -> str:
    """Return a duration for people, in its largest unit and the next: ``3d 4h``, ``90ms``."""
    if 0 < seconds < 1:
        return f"{round(seconds * 1000)}ms"
    for (unit, factor), (next_unit, next_factor) in pairwise(_WRITTEN):
        if seconds >= factor:
            whole, left = divmod(int(seconds), factor)
            rest = left // next_factor
            return f"{whole}{unit} {rest}{next_unit}" if rest else f"{whole}{unit}"
    return f"{int(seconds)}s"
