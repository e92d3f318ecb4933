"""Refused callers are told to come back so that about as many do as can be served."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pannier_server.admission.retry_delays import LONGEST, SHORTEST, RetryDelays


def told(delays: RetryDelays, refusals: int, served_each: int, every: float) -> list[float]:
    """Refuse calls at a steady pace while so many are served between two."""
    return [delays.next(number * every, number * served_each) for number in range(refusals)]


def test_the_first_ones_come_back_soon() -> None:
    assert RetryDelays(jitter=lambda: 0.5).next(0.0, 0) == SHORTEST


def test_the_delay_grows_while_more_are_refused_than_served() -> None:
    delays = told(RetryDelays(jitter=lambda: 0.5), 40_000, 0, 0.001)
    assert delays == sorted(delays)
    assert delays[-1] == LONGEST


def test_the_delay_shrinks_where_few_are_refused() -> None:
    delays = RetryDelays(jitter=lambda: 0.5)
    told(delays, 10_000, 0, 0.001)
    grown = delays.next(10.0, 0)
    shrunk = [delays.next(10.0 + second, 1000 * second) for second in range(60)]
    assert shrunk[-1] == SHORTEST < grown


def test_after_a_calm_time_it_starts_anew() -> None:
    delays = RetryDelays(jitter=lambda: 0.5)
    told(delays, 10_000, 0, 0.001)
    assert delays.next(100.0, 0) == SHORTEST


def test_those_who_are_refused_together_come_back_apart() -> None:
    delays = RetryDelays(jitter=Random(1).random)
    together = [delays.next(0.0, 0) for _ in range(1000)]
    assert min(together) < 0.6 * SHORTEST
    assert max(together) > 1.4 * SHORTEST


@given(
    st.lists(st.tuples(st.floats(0, 20), st.integers(0, 10_000), st.floats(0, 0.999)), max_size=200)
)
def test_the_delay_is_always_in_its_range(steps: list[tuple[float, int, float]]) -> None:
    now, served, jitter = 0.0, 0, 0.0
    delays = RetryDelays(jitter=lambda: jitter)
    for passed, more, spread in steps:
        now, served, jitter = now + passed, served + more, spread
        assert SHORTEST / 2 <= delays.next(now, served) <= LONGEST * 1.5
