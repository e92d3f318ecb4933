"""How late the event loop is: what runs too long in it delays every call."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Final

from pannier_server.metrics.catalogue import LAGS
from pannier_server.metrics.samples import Sample
from pannier_server.metrics.tally import Histogram

INTERVAL: Final = 0.25
"""Seconds between two looks, which cost a few microseconds each."""


class LoopLag:
    """Looks again and again how late a timer of the running loop is."""

    def __init__(self, at_each_look: Callable[[], None]) -> None:
        """Take the running loop, and what else is done at each look."""
        self._at_each_look = at_each_look
        self._loop = asyncio.get_running_loop()
        self._lags = Histogram(LAGS)
        self._due = 0.0
        self._timer: asyncio.TimerHandle

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look for the body of a ``with``."""
        self._arm()
        try:
            yield
        finally:
            self._timer.cancel()

    def samples(self) -> Iterator[Sample]:
        """Return what was seen so far."""
        yield self._lags.sample("pannier_event_loop_lag_seconds")

    def _arm(self) -> None:
        # Not the loop's own clock, which may stand still during one of its rounds.
        self._due = perf_counter() + INTERVAL
        self._timer = self._loop.call_later(INTERVAL, self._look)

    def _look(self) -> None:
        # The loop counts whole milliseconds, and may be early by one.
        self._lags.observe(max(0.0, perf_counter() - self._due))
        self._lags.settle()
        self._at_each_look()
        self._arm()
