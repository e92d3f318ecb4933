"""``grpc-timeout``: how long a client waits."""

import re
from typing import Final

_SECONDS: Final = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}
_match = re.compile(rb"([0-9]{1,8})([HMSmun])").fullmatch


def parse_timeout(value: bytes) -> float | None:
    """Return a timeout in seconds; None where the value is none (at most 8 digits and a unit)."""
    found = _match(value)
    return int(found[1]) * _SECONDS[found[2]] if found else None
