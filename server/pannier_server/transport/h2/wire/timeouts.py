"""``grpc-timeout``: how long a client waits."""

from typing import Final

_SECONDS: Final = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}
_MAX_DIGITS: Final = 8


def parse_timeout(value: bytes) -> float | None:
    """Return a timeout in seconds; None where the value is none (at most 8 digits and a unit)."""
    digits, unit = value[:-1], _SECONDS.get(value[-1:])
    if unit is None or len(digits) > _MAX_DIGITS or not digits.isdigit():
        return None
    return int(digits) * unit
