"""What the benchmark offers and how it counts; it measures nothing here."""

import pytest

from bench.overload.caller import schedule
from bench.overload.figures import Ended, Row, Seen, table


def calls(owner: str, due: float, took: float, outcome: str, count: int) -> list[Ended]:
    return [(owner, due, took, outcome)] * count


def seen(p99: float, share: float = 1.0, other: str = "OK") -> Seen:
    served = round(100 * share)
    return Seen.of(
        [
            *calls("small", 5.0, p99, "OK", served),
            *calls("small", 5.0, 0.001, "RESOURCE_EXHAUSTED", 100 - served),
            *calls("large", 5.0, p99, other, 10),
        ],
        seconds=10.0,
    )


def test_calls_come_at_their_rates_in_order_and_the_same_in_each_run() -> None:
    due = schedule({"large": 900.0, "small": 100.0}, seconds=10.0, start=50.0)
    assert due == sorted(due)
    assert all(50.0 < when < 60.0 for when, _ in due)
    assert sum(owner == "large" for _, owner in due) == pytest.approx(9000, rel=0.05)
    assert sum(owner == "small" for _, owner in due) == pytest.approx(1000, rel=0.1)
    assert due == schedule({"large": 900.0, "small": 100.0}, seconds=10.0, start=50.0)


def test_a_phase_is_summed_up_with_its_beginning_apart() -> None:
    found = Seen.of(
        [
            *calls("a", 0.5, 0.4, "OK", 10),
            *calls("a", 3.0, 0.02, "OK", 30),
            *calls("a", 3.0, 0.001, "RESOURCE_EXHAUSTED", 60),
        ],
        seconds=10.0,
    )
    assert (found.offered, found.served, found.refused) == (10.0, 4.0, 6.0)
    assert (found.p99, found.first_p99, found.refusal_p99) == (0.02, 0.4, 0.001)
    assert found.share == {"a": 0.4}
    assert not found.others


def test_promises_that_are_kept_are_not_missed() -> None:
    assert Row("h2", "load", seen(0.03, share=0.9), seen(0.01), "small").missed == []


@pytest.mark.parametrize(
    ("found", "missed"),
    [
        (seen(0.031), "p99 above 3 times that at half"),
        (seen(0.01, share=0.89), "small served less than 90%"),
        (seen(0.01, other="INTERNAL"), "calls ended otherwise"),
    ],
)
def test_promises_that_are_broken_are_named(found: Seen, missed: str) -> None:
    row = Row("h2", "load", found, seen(0.01), "small")
    assert row.missed == [missed]
    assert missed in table([row])
