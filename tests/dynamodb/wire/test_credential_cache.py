"""The cache of credentials: never waits without need, looks once for all who ask."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable

import pytest

from pannier_server.backends.dynamodb.wire.credential_cache import (
    CredentialCache,
    FixedCredentials,
    Loaded,
)
from pannier_server.backends.dynamodb.wire.credentials import Credentials
from pannier_server.backends.errors import (
    CredentialsMissing,
    DeadlineExceeded,
    StoreUnavailable,
)
from tests.dynamodb.wire.calling import until

FIRST, SECOND = Credentials("first", "secret"), Credentials("second", "secret")


class Chain:
    """A chain that answers what it is told, when it is told."""

    def __init__(self, *answers: Loaded | Exception) -> None:
        self.answers = deque(answers)
        self.asked: list[str] = []
        self.free = threading.Event()
        self.free.set()

    def load(self) -> Loaded:
        return self._next("load")

    def refresh(self) -> Loaded:
        return self._next("refresh")

    def _next(self, how: str) -> Loaded:
        self.asked.append(how)
        answer = self.answers.popleft()
        assert self.free.wait(10)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def cache(chain: Chain) -> tuple[CredentialCache, Clock]:
    clock = Clock()
    return CredentialCache(chain, clock=clock, retry_after=2), clock


def soon() -> float:
    return asyncio.get_running_loop().time() + 10


def loaded(credentials: Credentials, refresh_at: float, valid_until: float) -> Loaded:
    return Loaded(credentials, refresh_at, valid_until)


def idle(cached: CredentialCache) -> Callable[[], bool]:
    return lambda: cached._loading is None


async def test_fixed_credentials_are_found_once() -> None:
    cached = CredentialCache(FixedCredentials(FIRST))
    assert cached.current() is None
    assert await cached.fetch(soon()) == FIRST
    assert cached.current() == FIRST


async def test_many_callers_share_one_look_up() -> None:
    chain = Chain(Loaded(FIRST))
    chain.free.clear()
    cached, _ = cache(chain)
    calls = [asyncio.create_task(cached.fetch(soon())) for _ in range(20)]
    await until(lambda: bool(chain.asked))
    chain.free.set()
    assert await asyncio.gather(*calls) == [FIRST] * 20
    assert chain.asked == ["load"]


async def test_a_caller_that_goes_away_does_not_end_the_look_up() -> None:
    chain = Chain(Loaded(FIRST))
    chain.free.clear()
    cached, _ = cache(chain)
    impatient = asyncio.create_task(cached.fetch(soon()))
    patient = asyncio.create_task(cached.fetch(soon()))
    await until(lambda: bool(chain.asked))
    impatient.cancel()
    chain.free.set()
    assert await patient == FIRST


async def test_a_look_up_that_takes_too_long_is_the_callers_deadline() -> None:
    chain = Chain(Loaded(FIRST))
    chain.free.clear()
    cached, _ = cache(chain)
    with pytest.raises(DeadlineExceeded, match="credentials"):
        await cached.fetch(asyncio.get_running_loop().time() + 0.05)
    chain.free.set()
    assert await cached.fetch(soon()) == FIRST


async def test_credentials_are_renewed_in_the_background_while_they_are_used() -> None:
    chain = Chain(loaded(FIRST, 1030, 1060), loaded(SECOND, 1090, 1120))
    cached, clock = cache(chain)
    await cached.fetch(soon())
    clock.now = 1029
    assert cached.current() == FIRST
    assert chain.asked == ["load"]
    clock.now = 1031
    assert cached.current() == FIRST
    await until(idle(cached))
    assert cached.current() == SECOND
    assert chain.asked == ["load", "refresh"]


async def test_a_failed_renewal_changes_nothing_while_the_old_ones_are_valid() -> None:
    chain = Chain(loaded(FIRST, 1030, 1060), StoreUnavailable("gone"), loaded(SECOND, 1090, 1120))
    cached, clock = cache(chain)
    await cached.fetch(soon())
    clock.now = 1031
    assert cached.current() == FIRST
    await until(idle(cached))
    assert cached.current() == FIRST
    assert chain.asked == ["load", "refresh"]
    clock.now = 1034
    assert cached.current() == FIRST
    await until(idle(cached))
    assert cached.current() == SECOND


async def test_after_expiry_a_failed_renewal_is_an_unavailable_store() -> None:
    chain = Chain(
        loaded(FIRST, 1030, 1060), CredentialsMissing("no role"), loaded(SECOND, 1200, 1260)
    )
    cached, clock = cache(chain)
    await cached.fetch(soon())
    clock.now = 1100
    assert cached.current() is None
    with pytest.raises(StoreUnavailable, match="credentials are being refreshed: no role"):
        await cached.fetch(soon())
    clock.now = 1101
    with pytest.raises(StoreUnavailable, match="being refreshed"):
        await cached.fetch(soon())
    assert chain.asked == ["load", "refresh"]
    clock.now = 1103
    assert await cached.fetch(soon()) == SECOND


async def test_missing_credentials_are_looked_for_again_after_a_while() -> None:
    chain = Chain(CredentialsMissing("none"), Loaded(FIRST))
    cached, clock = cache(chain)
    for _ in range(3):
        with pytest.raises(CredentialsMissing, match="none"):
            await cached.fetch(soon())
    assert chain.asked == ["load"]
    clock.now += 3
    assert await cached.fetch(soon()) == FIRST


async def test_a_clock_that_is_set_back_does_not_put_the_next_look_up_off() -> None:
    chain = Chain(CredentialsMissing("none"), loaded(FIRST, 2000, 2000))
    cached, clock = cache(chain)
    with pytest.raises(CredentialsMissing):
        await cached.fetch(soon())
    clock.now -= 900
    assert await cached.fetch(soon()) == FIRST


async def test_a_bug_in_a_source_is_an_unavailable_store_that_keeps_its_words() -> None:
    cached, _ = cache(Chain(ZeroDivisionError("secret words")))
    with pytest.raises(StoreUnavailable, match="ZeroDivisionError") as raised:
        await cached.fetch(soon())
    assert "secret words" not in raised.value.message


async def test_rejected_credentials_are_replaced_once_for_all_who_met_them() -> None:
    chain = Chain(Loaded(FIRST), Loaded(SECOND))
    cached, _ = cache(chain)
    await cached.fetch(soon())
    renewals = [cached.renew(FIRST, soon()) for _ in range(10)]
    assert await asyncio.gather(*renewals) == [SECOND] * 10
    assert cached.current() == SECOND
    assert chain.asked == ["load", "load"]


async def test_rejected_credentials_without_others_are_not_looked_up_with_each_call() -> None:
    chain = Chain(Loaded(FIRST), Loaded(FIRST), Loaded(SECOND))
    cached, clock = cache(chain)
    await cached.fetch(soon())
    for _ in range(5):
        assert await cached.renew(FIRST, soon()) == FIRST
    assert chain.asked == ["load", "load"]
    clock.now += 3
    assert await cached.renew(FIRST, soon()) == SECOND


async def test_credentials_that_were_replaced_already_are_not_looked_up_again() -> None:
    chain = Chain(Loaded(FIRST), Loaded(SECOND))
    cached, clock = cache(chain)
    await cached.fetch(soon())
    await cached.renew(FIRST, soon())
    clock.now += 3
    assert await cached.renew(FIRST, soon()) == SECOND
    assert chain.asked == ["load", "load"]
