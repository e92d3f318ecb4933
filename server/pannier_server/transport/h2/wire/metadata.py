"""Metadata: the fields of an application, which may be binary."""

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from typing import Final

from pannier_server.transport.h2.hpack import Field

Metadatum = tuple[str, str | bytes]

_RESERVED: Final = frozenset((b"content-type", b"te", b"host", b"content-length"))
_is_key = re.compile(r"[0-9a-z_.-]+").fullmatch
_is_text = re.compile(r"[\x20-\x7e]*").fullmatch


def decode_metadata(fields: Iterable[Field]) -> tuple[Metadatum, ...]:
    """Return a request's metadata: text, or bytes where the key ends in ``-bin``.

    What gRPC and HTTP/2 keep for themselves is left out, and so are binary values that
    are no base64.
    """
    metadata: list[Metadatum] = []
    for name, value in fields:
        if name[:1] == b":" or name in _RESERVED or name.startswith(b"grpc-"):
            continue
        key = name.decode("ascii")
        if key.endswith("-bin"):
            metadata.extend((key, data) for data in _decode_binary(value))
        else:
            metadata.append((key, value.decode("latin-1").strip(" ")))
    return tuple(metadata)


def encode_metadata(metadata: Sequence[tuple[str, str | bytes]]) -> list[Field]:
    """Return metadata as header fields.

    Raises:
        ValueError: A key or a value that metadata cannot have; it names the key.
    """
    return [_encode(key, value) for key, value in metadata]


def _encode(key: str, value: str | bytes) -> Field:
    if not _is_key(key) or (key.startswith("grpc-") and key not in _ALLOWED):
        raise ValueError(f"metadata key {key!r}: use lower-case letters, digits and _.- only")
    if key.endswith("-bin"):
        raw = value.encode() if isinstance(value, str) else value
        # Unpadded, as the specification wants it.
        return key.encode("ascii"), base64.b64encode(raw).rstrip(b"=")
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    if not _is_text(text):
        raise ValueError(f"metadata {key!r}: its value is not printable ASCII; end the key in -bin")
    # Space around a value is none of its own in gRPC, and not allowed in HTTP/2.
    return key.encode("ascii"), text.strip(" ").encode("ascii")


_ALLOWED: Final = frozenset(("grpc-status-details-bin",))


def _decode_binary(value: bytes) -> list[bytes]:
    """Return the values of a binary field, of which several may be joined by commas."""
    try:
        return [
            base64.b64decode(part + b"=" * (-len(part) % 4), validate=True)
            for part in (part.strip() for part in value.split(b","))
        ]
    except binascii.Error:
        return []
