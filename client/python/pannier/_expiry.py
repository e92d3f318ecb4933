"""When a record expires: what callers say, as the fields of a request."""

import math
from datetime import UTC, datetime, timedelta
from typing import TypedDict

from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ExpiryFields(TypedDict, total=False):
    """The fields of a write's ``expiry``: one of them, or none for the server's choice."""

    expire_time: Timestamp
    never_expires: bool


def resolve_expiry(
    ttl: timedelta | float | None,
    expire_time: datetime | None,
    *,
    never_expires: bool,
    now: datetime | None = None,
) -> ExpiryFields:
    """Return the fields for what a caller said; called once per write, not per attempt.

    Args:
        ttl: The time to live from ``now`` on, as a timedelta or in seconds.
        expire_time: When it expires, with a time zone.
        never_expires: That it never expires.
        now: The clock reading that ``ttl`` starts from. Default: the clock.

    Raises:
        ValueError: More than one is given, ``ttl`` is not above 0, or ``expire_time`` has
            no time zone or is out of range.
        TypeError: One has the wrong type.
    """
    if (ttl is not None) + (expire_time is not None) + never_expires > 1:
        raise ValueError("give only one of ttl, expire_time and never_expires")
    if ttl is not None:
        return {"expire_time": to_timestamp(_after(ttl, now or datetime.now(UTC)))}
    if expire_time is not None:
        return {"expire_time": to_timestamp(expire_time)}
    return {"never_expires": True} if never_expires else {}


def keep_expiry(expire_time: datetime | None) -> ExpiryFields:
    """Return the fields that leave a record's expiry as it is, whatever its data says."""
    if expire_time is None:
        return {"never_expires": True}
    return {"expire_time": to_timestamp(expire_time)}


def to_timestamp(moment: datetime) -> Timestamp:
    """Return a datetime with a time zone as protobuf's Timestamp."""
    if not isinstance(moment, datetime):
        raise TypeError(f"expire_time must be a datetime, not {type(moment).__name__}")
    if moment.utcoffset() is None:
        raise ValueError(
            "expire_time has no time zone; give one, as in datetime.now(timezone.utc), "
            "or use moment.astimezone() for local time"
        )
    since = moment - _EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1_000)


def from_timestamp(stamp: Timestamp) -> datetime:
    """Return a Timestamp as a datetime in UTC."""
    return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1_000)


def _after(ttl: timedelta | float, now: datetime) -> datetime:
    seconds = ttl.total_seconds() if isinstance(ttl, timedelta) else ttl
    # Elsewhere 0 and -1 often mean "never"; here they would delete the record at once.
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError(
            f"ttl must be above 0 seconds, not {seconds}; "
            "for a record that never expires use never_expires=True"
        )
    try:
        return now + timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError("ttl reaches beyond the year 9999; use never_expires=True") from None
