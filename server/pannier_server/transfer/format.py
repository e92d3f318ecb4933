"""The lines of an export: a header, one line a record, a trailer. JSON Lines in UTF-8.

docs/moving-data.md describes them for those who write such files themselves.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from datetime import UTC, datetime, timedelta

import msgspec

from pannier_server.backends.contract import MAX_VERSION, Key, Prefix
from pannier_server.backends.transfer import RecordCopy
from pannier_server.service.errors import InvalidRequest
from pannier_server.service.expiry import parse_rfc_3339
from pannier_server.service.requests import parse_key

FORMAT = "pannier-export"
FORMAT_VERSION = 1

MAX_LINE_BYTES = 32 << 20
"""The longest line: 4 MiB of data of which each byte takes six in JSON, and some more."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FormatError(Exception):
    """A line that is not as the format wants it; the message says what is wrong."""


class Header(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The first line: what the file is and where it comes from.

    Attributes:
        format: `FORMAT`.
        format_version: `FORMAT_VERSION`.
        id: A UUID that names this export.
        exported_at: When it began, as RFC 3339.
        source: The kind of store that it comes from, such as ``sqlite``.
        prefix: ``owner:`` and the start of names, where it is not the whole store.
    """

    format: str
    format_version: int
    id: str
    exported_at: str
    source: str
    prefix: str | None = None


class Trailer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The last line, without which a file is not whole.

    Attributes:
        records: How many record lines there are.
        unreadable: How many rows of the source are missing because they cannot be read.
        sha256: SHA-256 of all bytes before this line, in hexadecimal.
    """

    records: int
    unreadable: int
    sha256: str


class _RecordLine(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    key: str
    version: int
    expire_time: str | None = None
    data: str | None = None
    data_base64: str | None = None


class _AnyHeader(msgspec.Struct):
    format: str
    format_version: int


class _AnyLine(msgspec.Struct):
    records: object = None


_encode = msgspec.json.Encoder().encode
_decode_record = msgspec.json.Decoder(_RecordLine).decode


def encode_header(header: Header) -> bytes:
    """Return the first line."""
    return _encode(header) + b"\n"


def decode_header(line: bytes) -> Header:
    """Return what the first line says.

    Raises:
        FormatError: It is no header, or one of another version.
    """
    try:
        found = msgspec.json.decode(line, type=_AnyHeader)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise FormatError(f"it is no export: its first line has no format {FORMAT!r}") from None
    if found.format != FORMAT:
        raise FormatError(f"it has the format {found.format!r}, not {FORMAT!r}")
    if found.format_version != FORMAT_VERSION:
        raise FormatError(
            f"it has version {found.format_version} of the format, and this release knows "
            f"version {FORMAT_VERSION}; import it with the release that made it or a newer one"
        )
    try:
        return msgspec.json.decode(line, type=Header)
    except msgspec.DecodeError as error:
        raise FormatError(f"its header is wrong: {error}") from None


def encode_trailer(trailer: Trailer) -> bytes:
    """Return the last line."""
    return _encode(trailer) + b"\n"


def is_trailer(line: bytes) -> bool:
    """Tell whether a line is to be read as a trailer: it has the number of records."""
    try:
        return msgspec.json.decode(line, type=_AnyLine).records is not None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def decode_trailer(line: bytes) -> Trailer:
    """Return what the last line says.

    Raises:
        FormatError: It is no trailer.
    """
    try:
        return msgspec.json.decode(line, type=Trailer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FormatError(f"its last line is wrong: {error}") from None


def encode_record(copy: RecordCopy) -> bytes:
    """Return a record's line: data as text where it is UTF-8, else in base64."""
    line = _RecordLine(
        key=f"{copy.key.owner}:{copy.key.name}",
        version=copy.version,
        expire_time=None if copy.expires_at is None else format_time(copy.expires_at),
    )
    try:
        line.data = copy.data.decode()
    except UnicodeDecodeError:
        line.data_base64 = b64encode(copy.data).decode()
    return _encode(line) + b"\n"


def decode_record(line: bytes) -> RecordCopy:
    """Return the record in a line.

    Raises:
        FormatError: It holds none; the message repeats neither key nor data.
    """
    try:
        read = _decode_record(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FormatError(f"it is no record: {error}") from None
    if not 1 <= read.version <= MAX_VERSION:
        raise FormatError(f"version is {read.version}, not from 1 to {MAX_VERSION}")
    return RecordCopy(_key(read.key), _data(read), read.version, _expires_at(read.expire_time))


def format_time(seconds: int) -> str:
    """Return epoch seconds as an RFC 3339 time in UTC."""
    moment = _EPOCH + timedelta(seconds=seconds)
    # strftime leaves out the zeros of a year before 1000.
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def format_prefix(prefix: Prefix | None) -> str | None:
    """Return a prefix as it stands in a header."""
    return None if prefix is None else f"{prefix.owner}:{prefix.name}"


def _key(text: str) -> Key:
    try:
        return parse_key(text)
    except InvalidRequest as error:
        raise FormatError(str(error)) from None
    except UnicodeEncodeError:
        raise FormatError("key is not valid Unicode") from None


def _data(read: _RecordLine) -> bytes:
    if (read.data is None) == (read.data_base64 is None):
        raise FormatError("a record has one of data and data_base64")
    try:
        if read.data is not None:
            return read.data.encode()
        return b64decode(read.data_base64 or "", validate=True)
    except UnicodeEncodeError:
        raise FormatError("data is not valid Unicode; write it as data_base64") from None
    except (Base64Error, ValueError):
        raise FormatError("data_base64 is no base64") from None


def _expires_at(text: str | None) -> int | None:
    if text is None:
        return None
    seconds = parse_rfc_3339(text)
    if seconds is None:
        raise FormatError("expire_time is no RFC 3339 time, such as 2030-01-31T12:00:00Z")
    return seconds
