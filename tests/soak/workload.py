"""What the sidecar's callers do meanwhile: a little of everything."""

import asyncio
import random
import time
from collections import Counter as Tally
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import pannier
from pannier import PannierError
from pannier.aio import Store
from tests.soak.counters import Counter

CALLERS = 32
LISTED = 100
"""Records of the owner whose records are listed."""
_LARGE = bytes(100_000)


class Caller:
    """One of the sidecar's callers, with records of its own.

    Attributes:
        counter: The record that it counts in.
        calls: How often it did each thing.
        failed: How many of them ended in an error, by its class.
    """

    def __init__(self, number: int, address: str) -> None:
        """Take a number and the sidecar's address."""
        self.counter = Counter(f"soak:counter:{number}")
        self.calls: Tally[str] = Tally()
        self.failed: Tally[str] = Tally()
        self._own = f"soak:own:{number}"
        self._address = address
        self._rnd = random.Random(number)
        self._kinds: dict[Callable[[Store], Awaitable[None]], int] = {
            self._read: 40,
            self._increment: 30,
            self._write: 10,
            self._write_much: 2,
            self._create_and_delete: 8,
            self._expire: 4,
            self._list: 2,
            self._leave_a_list: 2,
            self._connect_anew: 1,
            self._give_up: 1,
        }

    async def act(self, store: Store) -> None:
        """Do one thing; an error that a caller has to expect is only counted."""
        (kind,) = self._rnd.choices(list(self._kinds), list(self._kinds.values()))
        self.calls[kind.__name__.strip("_")] += 1
        try:
            await kind(store)
        except PannierError as error:
            self.failed[type(error).__name__] += 1

    async def _read(self, store: Store) -> None:
        await self.counter.check(store)

    async def _increment(self, store: Store) -> None:
        await self.counter.increment(store)

    async def _write(self, store: Store) -> None:
        await store.put(self._own, self._rnd.randbytes(1_000))

    async def _write_much(self, store: Store) -> None:
        await store.put(self._own, _LARGE)

    async def _create_and_delete(self, store: Store) -> None:
        key = f"{self._own}:{self._rnd.random()}"
        await store.create(key, b"soon gone", ttl=60)
        await store.delete(key)

    async def _expire(self, store: Store) -> None:
        await store.put(f"{self._own}:short", b"soon gone", ttl=1)

    async def _list(self, store: Store) -> None:
        records = [record async for record in store.list("listed:", page_size=20)]
        assert len(records) == LISTED, f"a list has {len(records)} records"

    async def _leave_a_list(self, store: Store) -> None:
        async with aclosing(store.list("listed:", page_size=10)) as records:
            async for _ in records:
                return

    async def _connect_anew(self, _store: Store) -> None:
        async with pannier.aio.connect(self._address) as another:
            await another.get("listed:0")

    async def _give_up(self, store: Store) -> None:
        try:
            await asyncio.wait_for(store.get("listed:0"), self._rnd.random() / 100)
        except TimeoutError:
            return


async def prepare(store: Store, callers: list[Caller]) -> None:
    """Write what the callers begin with."""
    for number in range(LISTED):
        await store.put(f"listed:{number}", b"x" * 500)
    for caller in callers:
        await caller.counter.begin(store)


async def flat_out(store: Store, callers: list[Caller], seconds: float) -> float:
    """Let all callers act without a pause; return the actions a second."""
    until = time.monotonic() + seconds
    acted = 0

    async def act(caller: Caller) -> None:
        nonlocal acted
        while time.monotonic() < until:
            await caller.act(store)
            acted += 1

    await asyncio.gather(*map(act, callers))
    return acted / seconds


async def at_rate(store: Store, callers: list[Caller], rate: float, seconds: float) -> int:
    """Let callers act at a rate, whoever has nothing to do; return how often nobody had."""
    free = list(callers)
    running: set[asyncio.Task[None]] = set()
    start = time.monotonic()
    missed = 0

    async def act(caller: Caller) -> None:
        try:
            await caller.act(store)
        finally:
            free.append(caller)

    def end(done: asyncio.Task[None]) -> None:
        running.discard(done)
        done.result()

    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
        if not free:
            missed += 1
            continue
        task = asyncio.create_task(act(free.pop(0)))
        running.add(task)
        task.add_done_callback(end)
    await asyncio.gather(*running)
    return missed
