"""Turns are shared between owners: rules of the line alone, without time."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pannier_server.admission.fair_queue import CREDIT, MOST_OWNERS, FairQueue

Line = FairQueue[int]
OWNERS = st.sampled_from("abcde")


def joined(line: Line, owners: str) -> None:
    for number, owner in enumerate(owners):
        line.join(owner, 0.0, number)


def order(line: Line) -> str:
    return "".join(line.take().owner for _ in range(len(line)))


def test_one_owner_is_served_in_order() -> None:
    line = Line()
    joined(line, "aaa")
    assert [line.take().waiter for _ in range(3)] == [0, 1, 2]


def test_a_newcomer_goes_before_the_second_call_of_others() -> None:
    line = Line()
    joined(line, "aaaab")
    assert order(line) == "abaaa"


def test_two_owners_take_turns() -> None:
    line = Line()
    joined(line, "aaabbb")
    assert order(line) == "ababab"


def test_an_owner_that_asked_for_little_may_come_with_several_at_once() -> None:
    line = Line()
    for _ in range(20):
        line.serve("large")
    for number, owner in enumerate(["large"] * 4 + ["small"] * 4):
        line.join(owner, 0.0, number)
    first = [line.take().owner for _ in range(4)]
    assert first == ["small"] * 4


def test_saved_up_turns_are_few() -> None:
    line = Line()
    for _ in range(1000):
        line.serve("a")
    joined(line, "b" * 20 + "a")
    ahead = order(line).index("a")
    assert ahead <= CREDIT + 2


def test_a_place_is_told_before_it_is_taken() -> None:
    line = Line()
    joined(line, "aabb")
    start = line.start_of("c")
    place = line.place_of(start)
    line.join("c", 0.0, 99)
    waiters = [line.take().waiter for _ in range(5)]
    assert waiters.index(99) == place


def test_one_that_leaves_costs_its_owner_nothing() -> None:
    line = Line()
    line.join("a", 0.0, 1)
    before = line.start_of("a")
    line.join("a", 0.0, 2)
    assert line.leave(2)
    assert not line.leave(2)
    assert line.start_of("a") == before


def test_one_that_is_dropped_costs_its_owner_nothing() -> None:
    line = Line()
    line.join("a", 0.0, 1)
    before = line.start_of("a")
    line.join("a", 0.0, 2)
    assert line.last.waiter == 2
    assert line.drop_last().waiter == 2
    assert line.start_of("a") == before


@given(st.lists(OWNERS, min_size=1, max_size=200))
def test_everyone_that_joins_is_taken_once(owners: list[str]) -> None:
    line = Line()
    joined(line, "".join(owners))
    assert len(line) == len(owners)
    assert sorted(line.take().waiter for _ in owners) == list(range(len(owners)))


@given(st.dictionaries(OWNERS, st.integers(1, 60), min_size=2), st.randoms(use_true_random=False))
def test_owners_that_wait_are_never_far_apart(counts: dict[str, int], random: object) -> None:
    """While two owners both wait, neither gets many more turns than the other."""
    line = Line()
    waiting = [owner for owner, count in counts.items() for _ in range(count)]
    random.shuffle(waiting)  # type: ignore[attr-defined]
    joined(line, "".join(waiting))
    left, turns = Counter(waiting), Counter[str]()
    while len(line):
        owner = line.take().owner
        turns[owner] += 1
        left[owner] -= 1
        still = [turns[each] for each in counts if left[each]]
        assert not still or turns[owner] - min(still) <= 1


@given(st.lists(st.tuples(st.integers(0, 3000), st.booleans()), max_size=300))
def test_any_number_of_owners_is_remembered_in_bounded_memory(
    calls: list[tuple[int, bool]],
) -> None:
    line = Line()
    for number in range(MOST_OWNERS):
        line.serve(f"filler{number}")
    for number, waits in calls:
        if waits:
            line.join(str(number), 0.0, number)
        elif not len(line):
            line.serve(str(number))
        assert line.owners <= MOST_OWNERS
