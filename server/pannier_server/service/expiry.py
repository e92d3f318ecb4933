"""When a written record expires: as the request says, else as its JSON data says."""

import re
from datetime import UTC, datetime, timedelta, timezone

import msgspec
from google.protobuf.timestamp_pb2 import Timestamp

from pannier.v1 import storage_pb2 as pb
from pannier_server.backends.contract import MAX_EXPIRES_AT, MIN_EXPIRES_AT
from pannier_server.service.errors import InvalidRequest

# RFC 3339, section 5.6.
_RFC_3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ExpiryRule:
    """Finds a write's expiry; the JSON field is a setting of the store, off by default."""

    def __init__(self, json_field: str | None) -> None:
        """Take the name of the top-level JSON string that holds an expiry; None for off."""
        self._decoder: msgspec.json.Decoder[msgspec.Struct] | None = None
        if json_field:
            shape = msgspec.defstruct(
                "Document", [("expiry", object, None)], rename={"expiry": json_field}
            )
            self._decoder = msgspec.json.Decoder(shape)

    def resolve(self, request: pb.PutRequest | pb.PutIfVersionRequest) -> int | None:
        """Return when the record expires, in epoch seconds, or None for never.

        Raises:
            InvalidRequest: The request's expire_time is no valid time.
        """
        source = request.WhichOneof("expiry")
        if source == "expire_time":
            return parse_expire_time(request.expire_time)
        if self._decoder is None or (source and request.never_expires):
            return None
        return self._from_json(request.data)

    def _from_json(self, data: bytes) -> int | None:
        assert self._decoder is not None
        try:
            document = self._decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        value: object = getattr(document, "expiry", None)
        return parse_rfc_3339(value) if isinstance(value, str) else None


def parse_expire_time(time: Timestamp) -> int:
    """Return a Timestamp as epoch seconds; a fraction of a second rounds up.

    Raises:
        InvalidRequest: It is outside the years 1 to 9999 or its nanoseconds are bad.
    """
    if not 0 <= time.nanos < 1_000_000_000:
        raise InvalidRequest(
            pb.ERROR_REASON_EXPIRE_TIME_INVALID,
            f"expire_time has {time.nanos} nanos; use 0 to 999,999,999",
        )
    seconds = time.seconds + (1 if time.nanos else 0)
    if not MIN_EXPIRES_AT <= seconds <= MAX_EXPIRES_AT:
        raise InvalidRequest(
            pb.ERROR_REASON_EXPIRE_TIME_INVALID,
            f"expire_time is {time.seconds} seconds from 1970, outside the years 1 to 9999 "
            "(are these milliseconds?)",
        )
    return seconds


def parse_rfc_3339(text: str) -> int | None:
    """Return an RFC 3339 time as epoch seconds, rounded up; None where it is none."""
    match = _RFC_3339.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, sign, offset_hours, offset_minutes = match.groups()[6:]
    leap = second == 60
    try:
        offset = timedelta(hours=int(offset_hours or 0), minutes=int(offset_minutes or 0))
        zone = timezone(-offset if sign == "-" else offset)
        time = datetime(year, month, day, hour, minute, second - leap, tzinfo=zone)
    except ValueError:
        return None
    if offset_minutes and int(offset_minutes) > 59:
        return None
    seconds = (time - _EPOCH) // timedelta(seconds=1) + leap
    rounded = seconds + bool(fraction and fraction.strip("0"))
    return rounded if MIN_EXPIRES_AT <= rounded <= MAX_EXPIRES_AT else None


def to_timestamp(expires_at: int | None) -> Timestamp | None:
    """Return epoch seconds as a Timestamp; None for a record that never expires.

    A row by others can hold a time that no Timestamp can; the nearest one is shown.
    """
    if expires_at is None:
        return None
    return Timestamp(seconds=min(max(expires_at, MIN_EXPIRES_AT), MAX_EXPIRES_AT))
