"""When another attempt is made: what may be sent again, how often, and after which wait.

Waits grow exponentially with full jitter, each a random part of its ceiling:
https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from random import random
from typing import Final

from pannier_server.backends.dynamodb.wire.failures import Cure, Failure
from pannier_server.backends.errors import (
    DeadlineExceeded,
    Overloaded,
    StorageError,
    Throttled,
    WriteOutcome,
)


class Effect(Enum):
    """What a request does to the table, which decides what may be sent again.

    Attributes:
        READ: Nothing.
        WRITE: Its condition keeps it from being applied twice.
        WRITE_ONCE: It must not be sent again unless the first provably did nothing.
    """

    READ = auto()
    WRITE = auto()
    WRITE_ONCE = auto()


@dataclass(frozen=True, slots=True)
class Backoff:
    """How one kind of failure is retried. Times are in seconds.

    Attributes:
        attempts: The most attempts of a call, the first included.
        base: The ceiling of the first wait; each one doubles it.
        longest: The largest ceiling.
        give_up_after: No attempt after the second begins later than that.
    """

    attempts: int
    base: float
    longest: float
    give_up_after: float

    def ceiling(self, attempts: int) -> float:
        """Return the longest wait after so many attempts."""
        return min(self.longest, self.base * 2.0 ** (attempts - 1))


# A store that is down is told within a second (0.75 s of waits at most); one whose
# connections time out, after two attempts.
UNAVAILABLE = Backoff(attempts=5, base=0.05, longest=0.8, give_up_after=3.0)
# Capacity comes back each second, so that waits of about one make sense.
THROTTLED = Backoff(attempts=8, base=0.05, longest=1.0, give_up_after=10.0)

# Seconds that an attempt needs to be worth beginning.
_SHORTEST_ATTEMPT = 0.01

_BACKOFFS = {Cure.WAIT: UNAVAILABLE, Cure.WAIT_LONGER: THROTTLED}

MOST_RETRIES: Final = 100.0
"""Retries in a full budget."""

RETRIES_EARNED: Final = 0.1
"""Retries that each request earns that succeeded."""


class RetryBudget:
    """How many retries all calls together may make: a store that is down is not hammered.

    A full budget lets some calls retry as often as they like. Where many fail it is spent,
    and what is left are as many retries as one in ten requests that succeed. gRPC and AWS's
    SDKs keep such budgets:
    https://github.com/grpc/proposal/blob/master/A6-client-retries.md#throttling-retry-attempts-and-hedged-rpcs

    Attributes:
        spent: Retries that are missing from a full budget.
    """

    __slots__ = ("spent",)

    def __init__(self) -> None:
        """Start with a full budget."""
        self.spent = 0.0

    def take(self) -> bool:
        """Take one retry; return False where none is left."""
        if self.spent + 1 > MOST_RETRIES:
            return False
        self.spent += 1
        return True

    def earn(self) -> None:
        """Get back what a request that succeeded brings."""
        self.spent = max(0.0, self.spent - RETRIES_EARNED)


class Attempts:
    """The attempts of one call that did not succeed at first.

    Attributes:
        fresh: Whether the next attempt needs a new connection.
        made: How many there were.
    """

    def __init__(
        self,
        effect: Effect,
        *,
        started: float,
        deadline: float,
        budget: RetryBudget | None = None,
        jitter: Callable[[], float] = random,
    ) -> None:
        """Start after the first attempt.

        Args:
            effect: What the request does.
            started: When the call began, in seconds of ``loop.time()``.
            deadline: When it has to end, on the same clock.
            budget: What retries are taken from; None for one of its own.
            jitter: Gives a number from 0 up to 1.
        """
        self.fresh = False
        self._effect = effect
        self._started = started
        self._deadline = deadline
        self._budget = budget or RetryBudget()
        self._jitter = jitter
        self.made = 0
        self._maybe_applied = False
        self._last: StorageError | None = None
        self._cured: set[Cure] = set()

    def wait_after(self, failure: Failure, now: float) -> float:
        """Return the seconds to wait before the next attempt.

        Args:
            failure: How the last attempt ended.
            now: ``loop.time()``.

        Raises:
            StorageError: The failure's, because there is no next attempt.
        """
        self.made += 1
        self._maybe_applied |= failure.maybe_applied
        wait = self._wait(failure, now)
        if wait is None or now + wait + _SHORTEST_ATTEMPT >= self._deadline:
            raise self.final(failure.error)
        self._last = failure.error
        # After one dead or silent connection the other idle ones are no better.
        self.fresh |= failure.connection_died
        return wait

    def final(self, error: StorageError) -> StorageError:
        """Return an error with what the attempts together mean for the write."""
        if isinstance(error, DeadlineExceeded) and self._last is not None:
            error = DeadlineExceeded(f"{error.message}; before that: {self._last.message}")
        if isinstance(error, Throttled) and not isinstance(error, Overloaded):
            error.retry_delay = THROTTLED.ceiling(self.made)
        if self._maybe_applied and self._effect is not Effect.READ:
            error.write_outcome = WriteOutcome.UNKNOWN
        return error

    def _wait(self, failure: Failure, now: float) -> float | None:
        if failure.cure is Cure.NONE or self._must_not_repeat(failure):
            return None
        backoff = _BACKOFFS.get(failure.cure)
        if backoff is None:
            return self._once(failure.cure)
        late = now - self._started > backoff.give_up_after
        if self.made >= backoff.attempts or (late and self.made > 1):
            return None
        if not self._budget.take():
            return None
        return self._jitter() * backoff.ceiling(self.made)

    def _must_not_repeat(self, failure: Failure) -> bool:
        return failure.maybe_applied and self._effect is Effect.WRITE_ONCE

    def _once(self, cure: Cure) -> float | None:
        """Return no wait the first time, and no attempt the second: it did not help."""
        if cure in self._cured:
            return None
        self._cured.add(cure)
        return 0.0
