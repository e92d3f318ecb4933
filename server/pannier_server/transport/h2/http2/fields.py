"""What RFC 9113 section 8 demands of the header list of a request."""

import re
from collections.abc import Sequence
from typing import Final

from pannier_server.transport.h2.hpack import Field

_PSEUDO: Final = frozenset((b":method", b":scheme", b":path", b":authority"))
_REQUIRED: Final = (b":method", b":scheme", b":path")
# Section 8.2.2.
_CONNECTION_SPECIFIC: Final = frozenset(
    (b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade")
)
_is_name = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+").fullmatch
_forbidden_in_values = re.compile(rb"[\0\r\n]").search
_is_number = re.compile(rb"[0-9]{1,19}").fullmatch


def find_fault(fields: Sequence[Field]) -> str | None:
    """Return what is malformed about a request's header list; None where nothing is."""
    pseudo = [field for field in fields if field[0][:1] == b":"]
    names = [name for name, _ in pseudo]
    if pseudo != list(fields[: len(pseudo)]):
        return "a pseudo-header field after a regular one"
    if not _PSEUDO.issuperset(names) or len(set(names)) != len(names):
        return "an unknown or repeated pseudo-header field"
    values = dict(pseudo)
    if not all(values.get(name) for name in _REQUIRED):
        return "a missing or empty pseudo-header field"
    return _find_fault_in_regular(fields[len(pseudo) :]) or _find_fault_in_values(fields)


def find_fault_in_trailers(fields: Sequence[Field]) -> str | None:
    """Return what is malformed about a request's trailers; None where nothing is."""
    return _find_fault_in_regular(fields) or _find_fault_in_values(fields)


def content_length(fields: Sequence[Field]) -> int | None:
    """Return the request's content length, None without one, -1 where it is no number."""
    found = {value for name, value in fields if name == b"content-length"}
    if not found:
        return None
    value = found.pop()
    return int(value) if not found and _is_number(value) else -1


def _find_fault_in_regular(fields: Sequence[Field]) -> str | None:
    for name, value in fields:
        if not _is_name(name):
            return "a field name that is not allowed"
        if name in _CONNECTION_SPECIFIC:
            return "a field of HTTP/1.1 connections"
        if name == b"te" and value != b"trailers":
            return "te other than trailers"
    return None


def _find_fault_in_values(fields: Sequence[Field]) -> str | None:
    if _forbidden_in_values(b"".join([value for _, value in fields])):
        return "a control character in a field value"
    return None
