"""When a record expires: what callers may say, and what of it is sent."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from pannier._expiry import from_timestamp, keep_expiry, resolve_expiry

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


def resolve(**said: Any) -> Any:
    arguments = {"ttl": None, "expire_time": None, "never_expires": False, **said}
    return resolve_expiry(
        arguments["ttl"],
        arguments["expire_time"],
        never_expires=arguments["never_expires"],
        now=NOW,
    )


@pytest.mark.parametrize("ttl", [timedelta(minutes=1.5), 90, 90.0])
def test_a_ttl_counts_from_now(ttl: timedelta | float) -> None:
    assert from_timestamp(resolve(ttl=ttl)["expire_time"]) == NOW + timedelta(seconds=90)


def test_an_expire_time_in_any_zone_is_the_same_moment() -> None:
    local = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert from_timestamp(resolve(expire_time=local)["expire_time"]) == NOW


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    ],
)
def test_every_moment_survives_the_way_there_and_back(moment: datetime) -> None:
    stamp = resolve(expire_time=moment)["expire_time"]
    assert from_timestamp(stamp) == moment
    assert 0 <= stamp.nanos < 1_000_000_000


def test_nothing_said_leaves_the_choice_to_the_server() -> None:
    assert resolve() == {}
    assert resolve(never_expires=True) == {"never_expires": True}


def test_a_kept_expiry_is_said_so_that_no_setting_changes_it() -> None:
    assert keep_expiry(None) == {"never_expires": True}
    assert from_timestamp(keep_expiry(NOW)["expire_time"]) == NOW


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"ttl": 1, "expire_time": NOW}, "only one of"),
        ({"ttl": 1, "never_expires": True}, "only one of"),
        ({"expire_time": NOW, "never_expires": True}, "only one of"),
        ({"ttl": 0}, "use never_expires=True"),
        ({"ttl": -1}, "use never_expires=True"),
        ({"ttl": float("nan")}, "above 0"),
        ({"ttl": float("inf")}, "above 0"),
        ({"ttl": 1e12}, "beyond the year 9999"),
        ({"expire_time": datetime(2030, 1, 1)}, "no time zone; give one"),  # noqa: DTZ001
    ],
)
def test_what_cannot_be_meant_is_refused(said: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        resolve(**said)


def test_an_expire_time_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="must be a datetime, not str"):
        resolve(expire_time="2030-01-01T00:00:00Z")
