"""The pool: how many connections, which one, for how long, and who is next."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random

import pytest

from pannier_server.backends.dynamodb.wire.connection import Connection
from pannier_server.backends.dynamodb.wire.connector import Connector
from pannier_server.backends.dynamodb.wire.endpoint import parse_endpoint
from pannier_server.backends.dynamodb.wire.errors import AttemptFailed
from pannier_server.backends.dynamodb.wire.pool import Pool
from pannier_server.backends.dynamodb.wire.settings import Stats, WireSettings
from pannier_server.backends.errors import DeadlineExceeded, StoreUnavailable
from tests.dynamodb.wire.calling import Caller, until
from tests.dynamodb.wire.conftest import Connect
from tests.dynamodb.wire.http_server import Server, answer, hang_up, reset, wait_for

CALLS = (Caller.read, Caller.write, Caller.write_once)
SETTINGS = WireSettings(max_connections=2, idle_timeout=30, max_connection_age=300)


class Rig:
    """A pool of two connections to a server, with a clock of its own."""

    def __init__(self, server: Server, settings: WireSettings = SETTINGS) -> None:
        self.now = 1000.0
        self.fails = False
        self.may_open = asyncio.Event()
        self.may_open.set()
        self._connector = Connector(
            parse_endpoint(server.url, "eu-west-1"), timeout=5, max_answer_bytes=1000
        )
        self.pool = Pool(self, settings, Stats(), clock=lambda: self.now)

    async def connect(self) -> Connection:
        await self.may_open.wait()
        if self.fails:
            raise AttemptFailed("it refuses connections")
        return await self._connector.connect()

    async def acquire(self, seconds: float = 10, *, fresh: bool = False) -> Connection:
        loop = asyncio.get_running_loop()
        return await self.pool.acquire(loop.time() + seconds, fresh=fresh)

    def waiting(self, count: int = 1) -> "list[asyncio.Task[Connection]]":
        return [asyncio.create_task(self.acquire()) for _ in range(count)]


@pytest.fixture
async def rig(server: Server) -> AsyncIterator[Rig]:
    made = Rig(server)
    yield made
    made.pool.close()
    await asyncio.sleep(0)


async def in_line(rig: Rig, count: int) -> None:
    await until(lambda: len(rig.pool._waiters) >= count)


async def test_the_connection_released_last_is_used_first(rig: Rig) -> None:
    first, second = await rig.acquire(), await rig.acquire()
    rig.pool.release(first)
    rig.pool.release(second)
    assert await rig.acquire() is second
    assert await rig.acquire() is first


async def test_no_more_connections_than_allowed_however_many_callers(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url, max_connections=3)
    go_on = asyncio.Event()
    server.otherwise = wait_for(go_on, answer())
    calls = [asyncio.create_task(caller.read()) for _ in range(30)]
    while len(server.requests) < 3:
        await server.arrived.wait()
        server.arrived.clear()
    assert caller.client._pool.size == 3
    go_on.set()
    await asyncio.gather(*calls)
    assert server.connections == 3
    assert len(server.requests) == 30


async def test_who_waits_longest_is_served_first(rig: Rig) -> None:
    first, second = await rig.acquire(), await rig.acquire()
    waiting = rig.waiting(3)
    await in_line(rig, 3)
    for served, connection in zip(waiting, (first, second, first), strict=True):
        rig.pool.release(connection)
        assert await served is connection
    assert rig.pool.size == 2


async def test_a_newcomer_does_not_overtake_those_who_wait(rig: Rig) -> None:
    first, _ = await rig.acquire(), await rig.acquire()
    (waiting,) = rig.waiting()
    await in_line(rig, 1)
    rig.pool.release(first)
    assert rig.pool.take() is None
    assert await waiting is first


async def test_a_closed_connections_place_goes_to_the_first_in_line(rig: Rig) -> None:
    first, second = await rig.acquire(), await rig.acquire()
    (waiting,) = rig.waiting()
    await in_line(rig, 1)
    rig.pool.discard(first)
    newcomer = asyncio.create_task(rig.acquire())
    assert await waiting not in {first, second}
    assert rig.pool.size == 2
    assert not newcomer.done()
    newcomer.cancel()


async def test_waiting_ends_at_the_deadline_and_leaves_the_line(rig: Rig) -> None:
    first, _ = await rig.acquire(), await rig.acquire()
    with pytest.raises(DeadlineExceeded, match="all 2 connections were busy"):
        await rig.acquire(seconds=0.05)
    assert not rig.pool._waiters
    rig.pool.release(first)
    assert rig.pool.take() is first


async def test_a_cancelled_waiter_leaves_the_line(rig: Rig) -> None:
    first, _ = await rig.acquire(), await rig.acquire()
    one, other = rig.waiting(2)
    await in_line(rig, 2)
    one.cancel()
    await asyncio.sleep(0)
    rig.pool.release(first)
    assert await other is first


@pytest.mark.parametrize("gone", ["released", "discarded"])
async def test_what_a_waiter_gets_while_it_is_cancelled_goes_to_the_next(
    rig: Rig, gone: str
) -> None:
    first, _ = await rig.acquire(), await rig.acquire()
    one, other = rig.waiting(2)
    await in_line(rig, 2)
    if gone == "released":
        rig.pool.release(first)
    else:
        rig.pool.discard(first)
    one.cancel()
    with pytest.raises(asyncio.CancelledError):
        await one
    connection = await other
    assert (connection is first) == (gone == "released")
    assert rig.pool.size == 2


async def test_a_failed_opening_gives_its_place_back(rig: Rig) -> None:
    first, _ = await rig.acquire(), await rig.acquire()
    rig.fails = True
    waiting = rig.waiting(2)
    await in_line(rig, 2)
    rig.pool.discard(first)
    for call in waiting:
        with pytest.raises(AttemptFailed):
            await call
    assert rig.pool.size == 1


@pytest.mark.parametrize("end", ["deadline", "cancelled"])
async def test_a_connection_that_its_caller_could_not_wait_for_serves_the_next(
    rig: Rig, end: str
) -> None:
    rig.may_open.clear()
    call = asyncio.create_task(rig.acquire(seconds=0.05 if end == "deadline" else 10))
    await until(lambda: bool(rig.pool._openings))
    if end == "cancelled":
        call.cancel()
    with pytest.raises((asyncio.CancelledError, DeadlineExceeded)):
        await call
    rig.may_open.set()
    await until(lambda: bool(rig.pool._idle))
    assert rig.pool.take() is not None
    assert rig.pool.size == 1


async def test_an_opening_that_fails_after_its_caller_has_gone_gives_its_place_back(
    rig: Rig,
) -> None:
    rig.may_open.clear()
    rig.fails = True
    with pytest.raises(DeadlineExceeded, match="being opened"):
        await rig.acquire(seconds=0.01)
    assert rig.pool.size == 1
    rig.may_open.set()
    await until(lambda: rig.pool.size == 0)


async def test_closing_ends_what_is_being_opened(rig: Rig) -> None:
    rig.may_open.clear()
    call = asyncio.create_task(rig.acquire())
    await until(lambda: bool(rig.pool._openings))
    rig.pool.close()
    with pytest.raises(StoreUnavailable, match="stopping"):
        await call


async def test_an_idle_connection_is_dropped_after_its_time(rig: Rig) -> None:
    first = await rig.acquire()
    rig.pool.release(first)
    rig.now += 29
    assert rig.pool.take() is first
    rig.pool.release(first)
    rig.now += 31
    assert rig.pool.take() is None
    assert not first.usable


async def test_a_jump_of_the_clock_drops_all_idle_connections(rig: Rig) -> None:
    both = [await rig.acquire(), await rig.acquire()]
    for connection in both:
        rig.pool.release(connection)
    rig.now += 3600
    assert await rig.acquire() not in both
    assert rig.pool.size == 1


async def test_connections_that_are_not_needed_any_more_are_closed(rig: Rig) -> None:
    seldom, often = await rig.acquire(), await rig.acquire()
    rig.pool.release(seldom)
    rig.pool.release(often)
    for _ in range(4):
        rig.now += 10
        assert rig.pool.take() is often
        rig.pool.release(often)
    assert not seldom.usable
    assert rig.pool.size == 1


async def test_a_connection_is_replaced_at_its_greatest_age(rig: Rig) -> None:
    first = await rig.acquire()
    born = rig.now
    while rig.now < born + 240:
        rig.pool.release(first)
        rig.now += 20
        assert rig.pool.take() is first or rig.now >= born + 240
    rig.now = born + 300
    rig.pool.release(first)
    assert not first.usable


async def test_an_old_connection_is_not_taken_however_short_it_was_idle(server: Server) -> None:
    rig = Rig(server, replace(SETTINGS, idle_timeout=10_000))
    first = await rig.acquire()
    rig.pool.release(first)
    rig.now += 301
    assert rig.pool.take() is None
    assert not first.usable


async def test_who_waits_does_not_get_an_old_connection(rig: Rig) -> None:
    first, second = await rig.acquire(), await rig.acquire()
    (waiting,) = rig.waiting()
    await in_line(rig, 1)
    rig.now += 301
    rig.pool.release(first)
    assert await waiting not in {first, second}
    assert rig.pool.size == 2


async def test_a_fresh_connection_is_a_new_one_within_the_bound(rig: Rig) -> None:
    both = [await rig.acquire(), await rig.acquire()]
    for connection in both:
        rig.pool.release(connection)
    fresh = await rig.acquire(fresh=True)
    assert fresh not in both
    assert rig.pool.size == 2


async def test_who_waits_for_a_fresh_connection_does_not_get_a_used_one(rig: Rig) -> None:
    first, second = await rig.acquire(), await rig.acquire()
    waiting = asyncio.create_task(rig.acquire(fresh=True))
    await in_line(rig, 1)
    rig.pool.release(first)
    assert await waiting not in {first, second}
    assert not first.usable
    assert rig.pool.size == 2


async def test_closing_turns_away_all_who_wait(rig: Rig) -> None:
    await rig.acquire()
    await rig.acquire()
    (waiting,) = rig.waiting()
    await in_line(rig, 1)
    rig.pool.close()
    with pytest.raises(StoreUnavailable, match="stopping"):
        await waiting
    with pytest.raises(StoreUnavailable, match="stopping"):
        await rig.acquire()


async def test_connections_do_not_all_end_at_once(server: Server) -> None:
    rig = Rig(server, replace(SETTINGS, max_connections=20))
    ends = [(await rig.acquire()).expires_at - rig.now for _ in range(20)]
    assert all(240 <= end <= 300 for end in ends)
    assert len(set(ends)) > 10
    rig.pool.close()


async def test_nothing_is_lost_however_calls_end(server: Server, connect: Connect) -> None:
    random = Random(64)
    never = asyncio.Event()
    steps = (answer(), answer(), answer(), hang_up(), reset(), answer(connection="close"))
    server.then(*random.choices((*steps, wait_for(never, answer())), k=2000))
    caller = await connect(server.url, max_connections=5, attempt_timeout=0.1)
    pool = caller.client._pool
    calls = []
    for _ in range(300):
        seconds = random.choice((0.01, 0.1, 1.0))
        calls.append(asyncio.create_task(random.choice(CALLS)(caller, seconds)))
        if random.random() < 0.2:
            random.choice(calls).cancel()
        await asyncio.sleep(random.choice((0, 0, 0.001)))
        assert pool.size <= 5
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(end) for end in ended} <= {
        bytes,
        asyncio.CancelledError,
        DeadlineExceeded,
        StoreUnavailable,
    }
    await until(lambda: not pool._openings)
    assert not pool._waiters
    assert not pool._busy
    assert pool.size == len(pool._idle)
    server.steps.clear()
    assert await caller.read() == b"{}"
