"""How many calls may be under way at once, and how many of them one owner may have.

The limit follows from how long calls take, the event loop's lag included: while they take
too long on average it shrinks, and it grows again afterwards, as in TCP. What an owner
may have follows from what is left (dynamic thresholds: Choudhury and Hahne, 1998): the
more calls are under way, the fewer of them may be one owner's, and there is always a
place for an owner that has none.
"""

import time
from collections.abc import Callable
from typing import Final, NoReturn, Protocol

from pannier_server.admission.admissions import Admissions
from pannier_server.admission.retry_delays import RetryDelays

TARGET: Final = 0.1
"""Seconds that calls may take on average before fewer of them are let in."""

LOWEST: Final = 64
"""Calls at once that are always let in. A store that needs longer for so few is slow, not
overloaded; more would not help one that groups writes or has 64 connections."""

WINDOW: Final = 0.1
"""Seconds between two looks at the average."""

# Too many calls at once show at once. That the event loop itself is late is believed only
# after so many looks in a row: it may have been stopped for a moment.
_STRAINED_LOOKS: Final = 5
# Without a single call that ends, what is known is too old.
_FORGET_SECONDS: Final = 1.0

_SHARE: Final = 8
_CUT: Final = 0.8
_GROWTH: Final = 1.1


class Refusal(Protocol):
    """Makes the error of a call that is not let in."""

    def __call__(self, why: str, *, retry_delay: float) -> Exception:
        """Say what stands in its way, and when it may come back."""
        ...


class CallLimit:
    """Counts the calls under way of each owner, and refuses those that are too many.

    Attributes:
        admissions: What happened so far.
    """

    def __init__(
        self,
        most: int,
        *,
        now: Callable[[], float],
        exact_now: Callable[[], float] = time.monotonic,
        refusal: Refusal,
    ) -> None:
        """Start with the largest limit.

        Args:
            most: The largest limit.
            now: The event loop's clock, which may stand still during one of its rounds.
            exact_now: The same clock, which does not.
            refusal: Makes the errors of calls that are not let in.
        """
        self.admissions = Admissions(limit=most)
        self._now = now
        self._exact_now = exact_now
        self._refusal = refusal
        self._delays = RetryDelays()
        self._most = self._limit = float(most)
        self._lowest = min(float(most), LOWEST)
        self._running = 0
        self._held: dict[str, int] = {}
        self._look_at = 0.0
        self._took = 0.0
        self._ended = 0
        self._average = 0.0
        self._late_looks = 0
        self._strained = False
        # Only while strained: how many calls of each owner came since the last look.
        self._came: dict[str, int] = {}
        self._all_came = 0

    def enter(self, owner: str, deadline: float) -> float:
        """Let a call in, and return the time to give to `leave`.

        Args:
            owner: Whose it is.
            deadline: When it ends, on the event loop's clock.

        Raises:
            Exception: There are too many; it is what `Refusal` makes.
        """
        held = self._held.get(owner, 0)
        if self._strained or held >= _SHARE * (self._limit - self._running):
            self._judge(owner, held, deadline)
        self._held[owner] = held + 1
        self._running += 1
        return self._now()

    def leave(self, owner: str, entered: float) -> None:
        """Take note that a call has ended, however it did."""
        held = self._held[owner] - 1
        if held:
            self._held[owner] = held
        else:
            del self._held[owner]
        self._running -= 1
        self._ended += 1
        now = self._exact_now()
        self._took += now - entered
        if now >= self._look_at:
            self._look(now)

    def _look(self, now: float) -> None:
        """Look at how long the calls took that have ended since the last time."""
        admissions = self.admissions
        self._average = self._took / self._ended
        admissions.admitted += self._ended
        self._ended = 0
        self._took = 0.0
        self._look_at = now + WINDOW
        if self._average > TARGET:
            self._late_looks += 1
            self._limit = max(self._lowest, self._limit * _CUT)
        else:
            self._late_looks = 0
            self._limit = min(self._most, self._limit * _GROWTH)
        self._strain(self._late_looks >= _STRAINED_LOOKS)
        admissions.limit = self._limit

    def _strain(self, strained: bool) -> None:
        self._strained = strained
        self._came.clear()
        self._all_came = 0

    def _judge(self, owner: str, held: int, deadline: float) -> None:
        """Refuse a call that would be too many."""
        if self._strained:
            self._judge_by_time(owner, deadline)
        if held >= _SHARE * (self._limit - self._running):
            self.admissions.refused_full += 1
            self._refuse(f"{self._running} calls are under way, and {held} of them its owner's")

    def _judge_by_time(self, owner: str, deadline: float) -> None:
        now = self._exact_now()
        if now >= self._look_at + _FORGET_SECONDS:
            self._strain(strained=False)
            return
        came = self._came[owner] = self._came.get(owner, 0) + 1
        self._all_came += 1
        # Few calls that take long are the store's matter: it may be back by now.
        if self._running >= self._lowest and now + self._average >= deadline:
            self.admissions.refused_late += 1
            self._refuse("it would take longer than this call's deadline leaves")
        # The event loop handles what has come in one round. Whoever is at its end has waited;
        # owners that ask for less than others are spared.
        if now - self._now() > TARGET and came * len(self._came) >= self._all_came:
            self.admissions.refused_full += 1
            self._refuse("it has more to do than it can in time")

    def _refuse(self, why: str) -> NoReturn:
        delay = self._delays.next(self._exact_now(), self.admissions.admitted + self._ended)
        raise self._refusal(why, retry_delay=delay)
