"""How fast a table may be asked, learned from its answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pannier_server.backends.dynamodb.wire.pacing import (
    FIRST_LOWEST,
    LOWEST,
    AdaptiveRate,
    Goodput,
)


def taken(rate: AdaptiveRate, per_second: float, start: float, seconds: float) -> float:
    """Let a table take requests at a steady pace; return when it ends."""
    for number in range(int(per_second * seconds)):
        now = start + number / per_second
        rate.succeeded(now, now)
    return start + seconds


@pytest.mark.parametrize("per_second", [10.0, 200.0, 3000.0])
def test_what_a_table_takes_is_measured(per_second: float) -> None:
    goodput = Goodput()
    for number in range(int(per_second * 3)):
        goodput.note(number / per_second)
    assert goodput.per_second(3.0) == pytest.approx(per_second, rel=0.1)


def test_what_a_table_took_long_ago_does_not_count() -> None:
    goodput = Goodput()
    for number in range(300):
        goodput.note(number / 100)
    assert goodput.per_second(60.0) == 0


def test_there_is_no_limit_before_a_request_is_throttled() -> None:
    rate = AdaptiveRate()
    taken(rate, 1000.0, 0.0, 5.0)
    assert rate.limit is None


def test_the_first_throttled_request_limits_to_less_than_what_the_table_took() -> None:
    rate = AdaptiveRate()
    now = taken(rate, 200.0, 0.0, 5.0)
    assert rate.throttled(now, now)
    assert rate.limit == pytest.approx(140.0, rel=0.1)


def test_what_was_under_way_when_the_first_one_was_throttled_counts() -> None:
    """A burst: the first refusal is there before most of what the table took is answered."""
    rate = AdaptiveRate()
    rate.throttled(100.0, 100.002)
    for number in range(200):
        rate.succeeded(100.0, 100.002 + number * 1e-5)
    assert rate.limit is not None
    assert rate.limit >= 200.0


def test_a_single_refusal_after_a_calm_time_leaves_room() -> None:
    rate = AdaptiveRate()
    rate.throttled(100.0, 100.0)
    assert rate.limit == pytest.approx(FIRST_LOWEST)


def test_requests_that_were_sent_before_a_cut_do_not_cut_again() -> None:
    rate = AdaptiveRate()
    now = taken(rate, 200.0, 0.0, 5.0)
    rate.throttled(now, now)
    limit = rate.limit
    assert not rate.throttled(now - 0.01, now + 0.01)
    assert rate.limit == limit
    assert rate.throttled(now + 0.02, now + 0.03)
    assert rate.limit is not None
    assert limit is not None
    assert rate.limit < limit


def test_the_limit_comes_back_to_where_it_was_and_goes_on() -> None:
    rate = AdaptiveRate()
    now = taken(rate, 200.0, 0.0, 5.0)
    rate.throttled(now, now)
    limits = []
    for second in range(1, 13):
        taken(rate, 140.0, now + second - 1, 1.0)
        limits.append(rate.limit or 0.0)
    assert limits == sorted(limits)
    assert 180 < limits[5] < 220
    assert limits[-1] > 250


def test_without_a_limit_nothing_is_remembered() -> None:
    rate = AdaptiveRate()
    rate.throttled(1.0, 1.0)
    rate.forget()
    assert rate.limit is None
    assert rate.throttled(0.5, 2.0)


@given(st.lists(st.tuples(st.floats(0, 5), st.booleans()), max_size=200))
def test_a_limit_never_falls_below_the_lowest(steps: list[tuple[float, bool]]) -> None:
    rate, now = AdaptiveRate(), 0.0
    for passed, throttled in steps:
        now += passed
        if throttled:
            rate.throttled(now, now)
        else:
            rate.succeeded(now, now)
        assert rate.limit is None or rate.limit >= LOWEST
