"""Looking at a whole export before anything of it is used."""

import hashlib
import os
from dataclasses import dataclass

from pannier_server.transfer.format import (
    FormatError,
    Header,
    Trailer,
    decode_header,
    decode_trailer,
    is_trailer,
)

_PIECE = 1 << 20
_LONGEST_END = 4096
"""The first and the last line are shorter than that, but for a prefix of odd characters."""

CUT = "it has no last line with the number of records: it was cut"


class InputError(Exception):
    """An input that is no whole export; the message names it and says what is wrong."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A whole export.

    Attributes:
        header: Its first line.
        trailer: Its last line.
    """

    header: Header
    trailer: Trailer


def verify_export(descriptor: int, name: str) -> Verified:
    """Return the ends of an export in a file whose checksum is right.

    Args:
        descriptor: The file, whose place is left alone.
        name: What to call it in errors.

    Raises:
        InputError: It is cut, changed or something else.
        OSError: It cannot be read.
    """
    try:
        header = decode_header(_first_line(descriptor))
        trailer, start = _last_line(descriptor)
    except FormatError as error:
        raise InputError(f"{name}: {error}") from None
    if _sha256(descriptor, start) != trailer.sha256:
        raise InputError(
            f"{name}: its checksum is wrong: it was changed after it was written; export it again"
        )
    return Verified(header, trailer)


def _first_line(descriptor: int) -> bytes:
    # An owner and a name of which each byte takes six in JSON, and some more.
    return os.pread(descriptor, 8 * _LONGEST_END, 0).partition(b"\n")[0]


def _last_line(descriptor: int) -> tuple[Trailer, int]:
    """Return the last line and where it begins."""
    size = os.fstat(descriptor).st_size
    end = os.pread(descriptor, _LONGEST_END, max(0, size - _LONGEST_END))
    line = end.removesuffix(b"\n").rpartition(b"\n")[2]
    if not is_trailer(line):
        raise FormatError(CUT)
    return decode_trailer(line), size - (len(line) + end.endswith(b"\n"))


def _sha256(descriptor: int, end: int) -> str:
    digest = hashlib.sha256()
    offset = 0
    while offset < end:
        piece = os.pread(descriptor, min(_PIECE, end - offset), offset)
        if not piece:
            break
        digest.update(piece)
        offset += len(piece)
    return digest.hexdigest()
