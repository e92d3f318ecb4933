"""A table that takes fewer requests than there are: rates, fairness, latencies, in virtual time."""

import asyncio
from dataclasses import dataclass
from functools import cache

import pytest

from pannier_server.backends.dynamodb.wire.retries import MOST_RETRIES
from pannier_server.backends.errors import Overloaded, Throttled
from tests.faults.throttle import Throttle
from tests.overload.simulation import Outcome, Simulation, p99, share_served, simulation, since
from tests.overload.virtual_time import in_virtual_time, run

CAPACITY = 200.0
SECONDS = 8.0
SETTLED = 2.0


@dataclass(frozen=True)
class Run:
    """What became of each owner's calls, and what the table did."""

    owners: list[list[Outcome]]
    throttle: Throttle

    @property
    def all(self) -> list[Outcome]:
        return [outcome for outcomes in self.owners for outcome in outcomes]


@cache
def offered(*loads: tuple[str, float]) -> Run:
    """Offer these rates of these owners to one table."""

    async def offer() -> Run:
        async with simulation(CAPACITY) as simulated:
            calls = (simulated.offer(*load, SECONDS) for load in loads)
            return Run(await asyncio.gather(*calls), simulated.table.throttle)

    return run(offer())


def overload(small: float = CAPACITY / 10) -> Run:
    """Offer ten times the capacity: most of it for one owner, ``small`` for another."""
    return offered(("large", 10 * CAPACITY - small), ("small", small))


@in_virtual_time
async def test_a_table_that_is_not_throttled_is_not_limited() -> None:
    async with simulation(CAPACITY) as simulated:
        outcomes = await simulated.offer("a", CAPACITY / 2, 5.0)
        assert share_served(outcomes) == 1
        assert not simulated.client.reads.limiting
        assert simulated.client.reads.admissions.admitted == 0


def test_ten_times_the_capacity_is_served_at_capacity_and_the_table_is_not_hammered() -> None:
    found = overload()
    served = sum(outcome.served for outcome in since(found.all, SETTLED))
    assert served >= 0.9 * CAPACITY * (SECONDS - SETTLED)
    assert found.throttle.refused <= 0.03 * found.throttle.granted


def test_what_is_refused_is_refused_at_once_and_told_when_to_come_back() -> None:
    refused = [outcome for outcome in overload().all if not outcome.admitted]
    assert len(refused) > 0.8 * len(overload().all)
    assert sum(outcome.took == 0 for outcome in refused) > 0.95 * len(refused)
    assert max(outcome.took for outcome in since(refused, SETTLED)) < 0.1
    for outcome in refused:
        assert isinstance(outcome.error, Overloaded)
        assert 0.02 < outcome.error.retry_delay <= 3.0


def test_admitted_calls_take_at_most_three_times_as_long_as_at_half_the_capacity() -> None:
    half = offered(("large", CAPACITY / 2))
    assert p99(overload().all) <= 3 * p99(half.all)


@pytest.mark.parametrize("rate", [20.0, 80.0])
def test_an_owner_that_asks_for_less_than_its_share_is_served(rate: float) -> None:
    large, small = overload(rate).owners
    assert share_served(small) >= 0.9
    assert share_served(large) < 0.2


def test_owners_that_all_ask_for_too_much_get_the_same() -> None:
    loads = [(f"owner{number}", 150.0 + 50.0 * number) for number in range(5)]
    counts = [
        sum(outcome.served for outcome in since(outcomes, SETTLED))
        for outcomes in offered(*loads).owners
    ]
    equal = sum(counts) / len(counts)
    assert min(counts) >= 0.7 * equal
    assert max(counts) <= 1.3 * equal


def test_a_crowd_of_small_owners_is_served_beside_a_large_one() -> None:
    crowd = [(f"owner{number}", 1.0) for number in range(60)]
    _, *small = offered(("large", 5 * CAPACITY), *crowd).owners
    settled = [outcome for outcomes in small if outcomes for outcome in since(outcomes, 0.0)]
    assert share_served(settled) >= 0.9


@in_virtual_time
async def test_more_capacity_is_found() -> None:
    async with simulation(CAPACITY) as simulated:
        await simulated.offer("a", 5 * CAPACITY, 2.0)
        clock = asyncio.get_running_loop().time
        simulated.table.throttle = Throttle(3 * CAPACITY, clock=clock)
        outcomes = await simulated.offer("a", 5 * CAPACITY, 20.0)
        served = sum(outcome.served for outcome in since(outcomes, 16.0))
        assert served >= 0.8 * 3 * CAPACITY * 4


@in_virtual_time
async def test_the_limit_is_lifted_when_it_is_calm_again() -> None:
    async with simulation(CAPACITY) as simulated:
        await simulated.offer("a", 5 * CAPACITY, 2.0)
        assert simulated.client.reads.limiting
        assert simulated.client.reads.admissions.limit > 0
        await simulated.offer("a", 1.0, 120.0)
        assert not simulated.client.reads.limiting
        assert simulated.client.reads.admissions.limit == 0


@in_virtual_time
async def test_writes_are_not_held_back_where_reads_are_throttled() -> None:
    async with simulation(CAPACITY) as simulated:
        await simulated.offer("a", 5 * CAPACITY, 1.0)
        assert simulated.client.reads.limiting
        assert not simulated.client.writes.limiting


@pytest.mark.parametrize(
    ("reason", "limits"),
    [
        ("TableReadKeyRangeThroughputExceeded", False),
        ("TableReadProvisionedThroughputExceeded", True),
    ],
)
@in_virtual_time
async def test_a_hot_key_does_not_slow_down_the_table(reason: str, limits: bool) -> None:
    async with simulation(CAPACITY) as simulated:
        simulated.table.reasons = [reason]
        await simulated.offer("a", 5 * CAPACITY, 1.0)
        assert simulated.client.reads.limiting is limits


@in_virtual_time
async def test_a_throttled_call_is_sent_again_and_served() -> None:
    async with simulation(5.0, burst=1.0) as simulated:
        first, second = await simulated.call("a"), await simulated.call("a")
        assert first.served
        assert second.served
        assert simulated.client.stats.throttles > 0


@in_virtual_time
async def test_a_call_whose_deadline_comes_before_its_turn_is_refused_at_once() -> None:
    async with simulation(10.0, burst=1.0) as simulated:
        await simulated.offer("a", 100.0, 3.0)
        await simulated.until_one_waits()
        hurried = await simulated.call("hurried", seconds=0.01)
        assert hurried.took == 0
        assert isinstance(hurried.error, Overloaded)
        assert "deadline" in hurried.error.message
        assert simulated.client.reads.admissions.refused_late == 1


@in_virtual_time
async def test_one_that_gives_up_waiting_leaves_its_turn_to_others() -> None:
    async with simulation(10.0, burst=1.0) as simulated:
        await simulated.offer("a", 100.0, 3.0)
        await simulated.until_one_waits()
        gone = simulated.background.pop()
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        assert simulated.client.reads.admissions.waiting == 0
        assert not simulated.client.reads._line
        assert (await simulated.call("next")).served


@in_virtual_time
async def test_closing_turns_away_those_who_wait() -> None:
    async with simulation(10.0, burst=1.0) as simulated:
        await simulated.offer("a", 100.0, 3.0)
        await simulated.until_one_waits()
        await simulated.client.close()
        error = (await simulated.background.pop()).error
        assert error is not None
        assert "stopping" in error.message


@in_virtual_time
async def test_any_number_of_owners_takes_bounded_memory() -> None:
    async with simulation(CAPACITY) as simulated:
        calls = (flood(simulated, number) for number in range(10))
        await asyncio.gather(*calls)
        line = simulated.client.reads._line
        assert line.owners <= 1024
        assert len(line) == 0


async def flood(simulated: Simulation, number: int) -> None:
    """Make calls of owners that nobody else has."""
    for call in range(1000):
        await simulated.call(f"owner{number}-{call}")
        await asyncio.sleep(0.001)


@in_virtual_time
async def test_a_table_that_refuses_everything_gets_few_retries() -> None:
    async with simulation(CAPACITY) as simulated:
        simulated.table.throttle = Throttle(0.0, clock=asyncio.get_running_loop().time)
        simulated.table.reasons = ["TableReadKeyRangeThroughputExceeded"]
        calls = [simulated.call("a") for _ in range(500)]
        outcomes = await asyncio.gather(*calls)
        # All but the one that the bucket holds at the least.
        assert sum(isinstance(outcome.error, Throttled) for outcome in outcomes) >= 499
        assert simulated.client.stats.retries <= MOST_RETRIES


@in_virtual_time
async def test_those_who_waited_for_a_connection_when_it_began_take_turns_after_all() -> None:
    async with simulation(CAPACITY, burst=50.0) as simulated:
        outcomes = await asyncio.gather(*(simulated.call("a") for _ in range(500)))
        assert sum(outcome.served for outcome in outcomes) >= 50
        # One for each connection, and what turns there are.
        assert simulated.table.requests <= 200
