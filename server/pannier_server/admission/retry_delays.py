"""When refused callers are told to come back: so that about as many do as can be served."""

from collections.abc import Callable
from random import random
from typing import Final

SHORTEST: Final = 0.05
"""Seconds; where room comes back at once, a caller that comes later than that only waits."""

LONGEST: Final = 2.0
"""Seconds; a call has time for some attempts more, within the usual ten seconds."""

_WINDOW: Final = 0.1
_STEP: Final = 2.0


class RetryDelays:
    """Adapts the delay to how many callers come back.

    A fixed delay lets a fleet of any size return at once: the larger the fleet, the more
    of them are refused again, at a cost each time. Here the delay grows while more calls
    are refused than served, and shrinks again; a caller that was told the longest delay
    keeps away for as long.
    """

    def __init__(self, jitter: Callable[[], float] = random) -> None:
        """Start with the shortest delay; ``jitter`` gives numbers from 0 up to 1."""
        self._jitter = jitter
        self._delay = SHORTEST
        self._refused = 0
        self._served = 0
        self._ends = 0.0

    def next(self, now: float, served: int) -> float:
        """Return the seconds after which a call that is refused now may come back.

        The spread, from half of the delay to one and a half, keeps those who were
        refused together from coming back together.

        Args:
            now: A steady clock, in seconds.
            served: How many calls were served so far.
        """
        if now >= self._ends:
            self._adapt(now, served)
        self._refused += 1
        return self._delay * (0.5 + self._jitter())

    def _adapt(self, now: float, served: int) -> None:
        """Begin a window, which is as long as it takes to see what the delay does."""
        if now >= self._ends + 2 * LONGEST:
            self._delay = SHORTEST
        elif self._refused:
            ratio = self._refused / max(1, served - self._served)
            factor = min(max(ratio, 1 / _STEP), _STEP)
            self._delay = min(max(self._delay * factor, SHORTEST), LONGEST)
        self._refused, self._served = 0, served
        self._ends = now + max(_WINDOW, self._delay)
