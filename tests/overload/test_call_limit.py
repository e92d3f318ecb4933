"""How many calls are let in at once, and of whom."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pannier_server.admission.call_limit import LOWEST, TARGET, CallLimit

FAR = 1e9


class CallRefused(Exception):
    """A call that is not let in, and the seconds after which it may come back."""

    def __init__(self, why: str, *, retry_delay: float) -> None:
        super().__init__(why)
        self.retry_delay = retry_delay


@dataclass
class Clock:
    """A loop's clock, and the exact one, which is ahead by the loop's lag."""

    time: float = 100.0
    lag: float = 0.0

    def loop(self) -> float:
        return self.time

    def exact(self) -> float:
        return self.time + self.lag


@dataclass
class Gate:
    """A limit with its clock, and the calls that it let in."""

    most: int = 1000
    clock: Clock = field(default_factory=Clock)
    calls: list[tuple[str, float]] = field(default_factory=list)
    limit: CallLimit = field(init=False)

    def __post_init__(self) -> None:
        self.limit = CallLimit(
            self.most, now=self.clock.loop, exact_now=self.clock.exact, refusal=CallRefused
        )

    def lets_in(self, owner: str, deadline: float = FAR) -> bool:
        try:
            self.calls.append((owner, self.limit.enter(owner, deadline)))
        except CallRefused:
            return False
        return True

    def fill(self, owner: str) -> int:
        before = len(self.calls)
        while self.lets_in(owner):
            pass
        return len(self.calls) - before

    def end_all(self) -> None:
        while self.calls:
            self.limit.leave(*self.calls.pop())

    def rounds(self, count: int, takes: float, calls: int = 10) -> None:
        """Let calls run that take so long, again and again."""
        for _ in range(count):
            for number in range(calls):
                self.lets_in(f"round{number}")
            self.clock.time += takes
            self.end_all()


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.end_all()
    assert not made.limit._held
    assert made.limit._running == 0


def test_there_are_never_more_calls_than_the_most(gate: Gate) -> None:
    for owner in "abcdefgh":
        gate.fill(owner)
    assert len(gate.calls) <= gate.most


def test_one_owner_alone_gets_most_of_it_and_leaves_room(gate: Gate) -> None:
    assert 0.85 * gate.most <= gate.fill("a") < gate.most
    assert gate.lets_in("b")


def test_owners_that_all_ask_for_too_much_get_about_the_same(gate: Gate) -> None:
    got = dict.fromkeys("abcd", 0)
    for _ in range(gate.most):
        for owner in got:
            gate.lets_in(owner)
    for owner, _ in gate.calls:
        got[owner] += 1
    assert max(got.values()) - min(got.values()) <= 1


def test_one_call_at_a_time_can_be_the_limit() -> None:
    gate = Gate(most=1)
    assert gate.lets_in("a")
    assert not gate.lets_in("a")
    assert not gate.lets_in("b")
    gate.end_all()
    assert gate.lets_in("b")


def test_calls_that_take_too_long_shrink_the_limit_and_quick_ones_let_it_grow(gate: Gate) -> None:
    gate.rounds(30, takes=3 * TARGET)
    assert gate.limit.admissions.limit == LOWEST
    gate.rounds(100, takes=TARGET / 2)
    assert gate.limit.admissions.limit == gate.most


def test_one_slow_call_hardly_matters(gate: Gate) -> None:
    gate.rounds(1, takes=5.0, calls=1)
    assert gate.limit.admissions.limit >= 0.8 * gate.most


def test_as_few_calls_as_the_lowest_limit_are_always_let_in(gate: Gate) -> None:
    gate.rounds(30, takes=3 * TARGET)
    assert gate.fill("a") >= 0.85 * LOWEST


def test_a_late_event_loop_refuses_those_that_have_waited_but_not_small_owners(gate: Gate) -> None:
    gate.rounds(10, takes=3 * TARGET)
    gate.clock.lag = 2 * TARGET
    assert [gate.lets_in("large") for _ in range(5)] == [False] * 5
    assert gate.lets_in("small")
    gate.clock.lag = 0.0
    assert gate.lets_in("large")


def test_a_late_moment_alone_refuses_nobody(gate: Gate) -> None:
    gate.rounds(2, takes=3 * TARGET)
    gate.clock.lag = 2 * TARGET
    assert gate.lets_in("a")


def test_a_call_that_would_miss_its_deadline_is_refused_early(gate: Gate) -> None:
    gate.rounds(10, takes=3 * TARGET)
    for number in range(LOWEST):
        assert gate.lets_in(str(number))
    assert not gate.lets_in("a", deadline=gate.clock.time + TARGET)
    assert gate.limit.admissions.refused_late == 1


def test_no_deadline_is_too_short_while_few_calls_are_under_way(gate: Gate) -> None:
    """A store that was down answers slowly, or not at all: who asks learns whether it is back."""
    gate.rounds(10, takes=30 * TARGET)
    for number in range(LOWEST):
        assert gate.lets_in(str(number), deadline=gate.clock.time + TARGET)


def test_what_is_known_is_forgotten_where_no_call_ends(gate: Gate) -> None:
    gate.rounds(10, takes=3 * TARGET)
    gate.clock.time += 10.0
    assert gate.lets_in("a", deadline=gate.clock.time + TARGET)


def test_refusals_are_counted_and_say_when_to_come_back(gate: Gate) -> None:
    gate.fill("a")
    with pytest.raises(CallRefused, match="under way") as raised:
        gate.limit.enter("a", FAR)
    assert raised.value.retry_delay > 0
    assert gate.limit.admissions.refused_full == 2


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=400))
def test_counts_are_right_whatever_comes_and_goes(steps: list[tuple[str, bool]]) -> None:
    gate = Gate(most=20)
    for owner, comes in steps:
        if comes:
            gate.lets_in(owner)
        elif gate.calls:
            gate.limit.leave(*gate.calls.pop(0))
        assert gate.limit._running == len(gate.calls) <= 20
        assert sum(gate.limit._held.values()) == len(gate.calls)
    gate.end_all()
    assert not gate.limit._held
