"""The rules of a request's fields: each function takes a field and answers a checked value.

All raise `InvalidRequest` with the reason that the contract gives the field.
"""

import re
import uuid

from pannier.v1 import storage_pb2 as pb
from pannier_server.backends.contract import MAX_VERSION, Key, Prefix
from pannier_server.backends.errors import DataTooLarge
from pannier_server.backends.etags import parse_etag
from pannier_server.service.errors import InvalidRequest

# What DynamoDB's 2,048-byte partition key and 1,024-byte sort key leave beside the
# prefixes of the default layout.
MAX_OWNER_BYTES = 2_042
MAX_NAME_BYTES = 1_019

DEFAULT_PAGE_SIZE = 100
MAX_PAGE_SIZE = 1_000
DEFAULT_CLEANUP_LIMIT = 1_000
MAX_CLEANUP_LIMIT = 10_000

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_CONSISTENCIES = frozenset(pb.Consistency.values())
_ORDERS = frozenset(pb.Order.values())
_NIL_UUID = "00000000-0000-0000-0000-000000000000"


def parse_key(text: str) -> Key:
    """Return the key in ``owner:name``."""
    owner, colon, name = text.partition(":")
    problem = _problem_of_parts(owner, colon, name)
    if not problem and not name:
        problem = "has an empty name after its colon"
    if problem:
        raise InvalidRequest(pb.ERROR_REASON_KEY_INVALID, f"key {problem}; write owner:name")
    return Key(owner, name)


def parse_prefix(text: str) -> Prefix:
    """Return the prefix in ``owner:`` and the start of a name."""
    owner, colon, name = text.partition(":")
    problem = _problem_of_parts(owner, colon, name)
    if problem:
        raise InvalidRequest(
            pb.ERROR_REASON_PREFIX_INVALID,
            f"prefix {problem}; write owner: and the start of a name, which may be empty",
        )
    return Prefix(owner, name)


def _problem_of_parts(owner: str, colon: str, name: str) -> str:
    if not colon:
        return "has no colon" if owner else "is empty"
    if not owner:
        return "has an empty owner before its colon"
    if _exceeds(owner, MAX_OWNER_BYTES):
        return f"has an owner of {len(owner.encode()):,} bytes, more than {MAX_OWNER_BYTES:,}"
    if _exceeds(name, MAX_NAME_BYTES):
        return f"has a name of {len(name.encode()):,} bytes, more than {MAX_NAME_BYTES:,}"
    return ""


def _exceeds(text: str, limit: int) -> bool:
    # A code point has at most four bytes: most texts need no encoding to be measured.
    return len(text) * 4 > limit and len(text.encode()) > limit


def check_data(data: bytes, limit: int) -> bytes:
    """Return data that is within the server's limit.

    Raises:
        DataTooLarge: It is not; the error has both sizes.
    """
    if len(data) > limit:
        raise DataTooLarge(actual_bytes=len(data), limit_bytes=limit)
    return data


def parse_request_id(text: str) -> str:
    """Return the write id: the request's, in lower case, or a new one where it has none."""
    if not text:
        return str(uuid.uuid4())
    # A nil UUID names no request (AIP-155).
    if not _UUID.fullmatch(text) or text == _NIL_UUID:
        raise InvalidRequest(
            pb.ERROR_REASON_REQUEST_ID_INVALID,
            "request_id is no UUID of 36 characters such as "
            "2f1c7a52-7d0b-4f0e-9d3a-0d6f6a8f2c11 (and not the nil UUID)",
        )
    return text.lower()


def check_expected_version(version: int) -> int:
    """Return an expected version up to 2^63-1; 0 means create."""
    if version > MAX_VERSION:
        raise InvalidRequest(
            pb.ERROR_REASON_EXPECTED_VERSION_INVALID,
            f"expected_version is {version}, more than {MAX_VERSION} (2^63-1)",
        )
    return version


def check_optional_expected_version(request: pb.DeleteRequest) -> int | None:
    """Return the expected version of a delete, from 1 up, or None where it has none."""
    if not request.HasField("expected_version"):
        return None
    if not request.expected_version:
        raise InvalidRequest(
            pb.ERROR_REASON_EXPECTED_VERSION_INVALID,
            "expected_version is 0, and no record has version 0; "
            "leave the field out to delete any version",
        )
    return check_expected_version(request.expected_version)


def check_etag(etag: str, expected_version: int | None) -> str:
    """Return an etag that is empty, or well-formed and of the expected version."""
    if not etag:
        return etag
    if expected_version == 0:
        raise InvalidRequest(
            pb.ERROR_REASON_ETAG_INVALID,
            "etag goes with an expected_version from 1 up; a create (0) has no etag to expect",
        )
    try:
        version = parse_etag(etag).version
    except ValueError:
        raise InvalidRequest(
            pb.ERROR_REASON_ETAG_INVALID, "etag was not made by this server; send one as received"
        ) from None
    if expected_version is not None and version != expected_version:
        raise InvalidRequest(
            pb.ERROR_REASON_ETAG_INVALID,
            f"etag belongs to version {version}, expected_version is {expected_version}; "
            "take both from the same answer",
        )
    return etag


def check_page_size(page_size: int) -> int:
    """Return the page size to use, from 1 to 1,000."""
    if page_size < 0:
        raise InvalidRequest(
            pb.ERROR_REASON_PAGE_SIZE_INVALID,
            f"page_size is {page_size}; use 1 to {MAX_PAGE_SIZE:,}, or 0 for {DEFAULT_PAGE_SIZE}",
        )
    return min(page_size, MAX_PAGE_SIZE) or DEFAULT_PAGE_SIZE


def check_cleanup_limit(limit: int) -> int:
    """Return the clean-up limit to use, from 1 to 10,000."""
    return min(limit, MAX_CLEANUP_LIMIT) or DEFAULT_CLEANUP_LIMIT


def is_consistent(consistency: "pb.Consistency") -> bool:
    """Return whether a read is to be strongly consistent."""
    if consistency not in _CONSISTENCIES:
        raise InvalidRequest(
            pb.ERROR_REASON_MESSAGE_INVALID,
            f"consistency is {consistency}, which this server does not know; "
            "use STRONG or EVENTUAL",
        )
    return consistency != pb.CONSISTENCY_EVENTUAL


def is_descending(order: "pb.Order") -> bool:
    """Return whether a list is to start with the largest name."""
    if order not in _ORDERS:
        raise InvalidRequest(
            pb.ERROR_REASON_MESSAGE_INVALID,
            f"order is {order}, which this server does not know; use ASCENDING or DESCENDING",
        )
    return order == pb.ORDER_DESCENDING
