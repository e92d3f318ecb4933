"""Keeps requests to the rate that a table takes, and shares its turns between owners.

As long as no request was throttled there is no limit, and all of this costs one look at
a flag. With a limit, requests take turns: a few wait, for about as long as the table's
answer takes; all others are refused at once and told when to come back.
"""

import asyncio
from typing import Final

from pannier_server.admission.admissions import Admissions
from pannier_server.admission.fair_queue import FairQueue
from pannier_server.admission.retry_delays import RetryDelays
from pannier_server.backends.dynamodb.wire.pacing import AdaptiveRate
from pannier_server.backends.errors import Overloaded, StoreUnavailable

Waiter = asyncio.Future[None]

# Seconds' worth of turns that may be saved up, so that a late timer loses none.
_BURST: Final = 0.05
# A request waits for up to so many times the table's usual answer: little enough that it
# takes less than three times as long as without a crowd, and enough that no turn is lost.
_ANSWERS: Final = 0.7
# One whose owner had less than its share, and one that is sent again, waits for up to so
# many turns where that is more, but not for longer than a second.
_TURNS: Final = 2.0
_LONGEST: Final = 1.0
# Seconds without a wait and without a throttled request after which the limit is lifted.
_CALM: Final = 30.0

_FIRST_LATENCY: Final = 0.005
_SMOOTHING: Final = 0.1
# The loop's clock counts milliseconds: a shorter timer would fire before its time.
_SHORTEST_TIMER: Final = 0.001


class Pacer:
    """The turns of one kind of requests to one table.

    Attributes:
        limiting: Whether requests have to take turns.
        admissions: What happened so far.
    """

    def __init__(self, kind: str) -> None:
        """Start without a limit, for the running loop; ``kind`` is ``reads`` or ``writes``."""
        self.limiting = False
        self.admissions = Admissions()
        self._kind = kind
        self._loop = asyncio.get_running_loop()
        self._rate = AdaptiveRate()
        self._note = self._rate.goodput.note
        self._line: FairQueue[Waiter] = FairQueue()
        self._delays = RetryDelays()
        self._tokens = 0.0
        self._refilled_at = 0.0
        self._pressed_at = 0.0
        self._latency = _FIRST_LATENCY
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self, owner: str, deadline: float, *, again: bool = False) -> None:
        """Return when a request may be sent; called only while `limiting`.

        Args:
            owner: Whose request it is.
            deadline: When its call ends, in seconds of ``loop.time()``.
            again: Whether it was sent before, and so was let in already.

        Raises:
            Overloaded: Its turn would come too late.
        """
        now = self._loop.time()
        self._refill(now)
        if self._tokens < 1 or self._line:
            await self._wait(self._join(owner, deadline, now, again=again))
            return
        self._tokens -= 1
        self._line.serve(owner)
        self.admissions.admitted += 1
        if now - self._pressed_at > _CALM:
            self._lift()

    def succeeded(self, sent: float) -> None:
        """Take note that the table took a request that was sent at ``sent``."""
        if not self.limiting:
            self._note(sent)
            return
        now = self._loop.time()
        self._refill(now)
        self._rate.succeeded(sent, now)
        self._latency += (now - sent - self._latency) * _SMOOTHING
        self._show_limit()

    def throttled(self, sent: float) -> None:
        """Take note that the table refused a request that was sent at ``sent``."""
        now = self._loop.time()
        self._refill(now)
        if not self._rate.throttled(sent, now):
            return
        self.limiting = True
        self._pressed_at = now
        # What was saved up is not there.
        self._tokens = min(self._tokens, 0.0)
        self._show_limit()
        self._drop_late(now)
        self._arm(now)

    def close(self) -> None:
        """Turn all away who wait."""
        if self._timer is not None:
            self._timer.cancel()
        while self._line:
            _refuse(self._line.drop_last().waiter, StoreUnavailable("the server is stopping"))

    def _join(self, owner: str, deadline: float, now: float, *, again: bool) -> Waiter:
        """Stand in line, unless the turn would come too late."""
        self._pressed_at = now
        line = self._line
        start = line.start_of(owner)
        patient = again or line.is_below_share(start)
        latest = now + self._longest_wait(patient=patient)
        turn = self._time_of_turn(line.place_of(start), now)
        if turn >= deadline:
            self.admissions.refused_late += 1
            raise self._overloaded(now, "this call's deadline comes before its turn")
        if turn > latest:
            self.admissions.refused_full += 1
            raise self._overloaded(now, "others take them")
        waiter: Waiter = self._loop.create_future()
        line.join(owner, latest, waiter)
        self._drop_late(now)
        self._arm(now)
        return waiter

    async def _wait(self, waiter: Waiter) -> None:
        self.admissions.waiting += 1
        try:
            await waiter
        except asyncio.CancelledError:
            if not self._line.leave(waiter) and not waiter.cancelled():
                # It had its turn in this very moment.
                self._tokens += 1
            raise
        finally:
            self.admissions.waiting -= 1

    def _go_on(self) -> None:
        """Give turns to those who are next."""
        self._timer = None
        now = self._loop.time()
        self._refill(now)
        while self._tokens >= 1 and self._line:
            waiter = self._line.take().waiter
            if not waiter.done():
                self._tokens -= 1
                self.admissions.admitted += 1
                waiter.set_result(None)
        self._arm(now)

    def _drop_late(self, now: float) -> None:
        """Refuse those at the end whose turns would come too late by now."""
        line = self._line
        while line and self._time_of_turn(len(line) - 1, now) > line.last.latest:
            self.admissions.refused_full += 1
            _refuse(line.drop_last().waiter, self._overloaded(now, "others take them"))

    def _refill(self, now: float) -> None:
        limit = self._rate.limit
        if limit is not None:
            saved = self._tokens + (now - self._refilled_at) * limit
            self._tokens = min(saved, max(1.0, limit * _BURST))
        self._refilled_at = now

    def _arm(self, now: float) -> None:
        """Wake up for the next turn; one timer serves all who wait."""
        if self._line and self._timer is None:
            turn = self._time_of_turn(0, now)
            self._timer = self._loop.call_at(max(turn, now + _SHORTEST_TIMER), self._go_on)

    def _time_of_turn(self, place: int, now: float) -> float:
        """Return when the one with so many others before it has its turn."""
        assert self._rate.limit is not None, "turns are taken only where there is a limit"
        return now + max(0.0, place + 1 - self._tokens) / self._rate.limit

    def _longest_wait(self, *, patient: bool) -> float:
        assert self._rate.limit is not None, "turns are taken only where there is a limit"
        answers = _ANSWERS * self._latency
        if not patient:
            return min(answers, _LONGEST)
        return min(max(answers, _TURNS / self._rate.limit), _LONGEST)

    def _overloaded(self, now: float, why: str) -> Overloaded:
        return Overloaded(
            f"the table takes about {self._rate.limit:.0f} {self._kind} a second now, and {why}; "
            "raise the table's capacity, or call less often",
            retry_delay=self._delays.next(now, self.admissions.admitted),
        )

    def _show_limit(self) -> None:
        self.admissions.limit = self._rate.limit or 0.0

    def _lift(self) -> None:
        """Let everything through again: nobody had to wait for long."""
        self.limiting = False
        self._rate.forget()
        self._show_limit()


def _refuse(waiter: Waiter, error: Exception) -> None:
    if not waiter.done():
        waiter.set_exception(error)
        # Who waits may be cancelled in this very moment; that is no lost exception.
        waiter.exception()
