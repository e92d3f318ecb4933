"""How many requests a second a table takes, learned from its answers.

DynamoDB says that there were too many, never how many there may be. The limit is found
as TCP finds a path's: it is cut when a request is throttled, and grows again along the
curve of CUBIC (RFC 9438), slowly around the rate that was too much, then ever faster.
AWS's SDKs do so in their adaptive retry mode, whose constants these are:
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from typing import Final

# By how much a throttled request cuts the limit, and how fast it grows afterwards.
_BETA: Final = 0.7
_SCALE: Final = 0.4

LOWEST: Final = 2.0
"""Requests a second that are always tried: fewer would not notice that there is room again."""

FIRST_LOWEST: Final = 20.0
"""The same where the first request is throttled after a calm time: a single refusal, of one
hot key perhaps, says little about the table."""

_WINDOW: Final = 0.5


class Goodput:
    """Counts requests that a table took, to tell how many that is a second."""

    __slots__ = ("_before", "_began", "_count", "_ends", "_span")

    def __init__(self) -> None:
        """Start with none."""
        self._count = 0
        self._ends = 0.0
        self._began = -_WINDOW
        self._before = 0
        self._span = _WINDOW

    def note(self, now: float) -> None:
        """Count one; ``now`` is when it was made or taken."""
        if now >= self._ends:
            self._roll(now)
        self._count += 1

    def per_second(self, now: float) -> float:
        """Return the rate of the last half second to second."""
        if now >= self._ends:
            self._roll(now)
        return (self._before + self._count) / (self._span + max(0.0, now - self._began))

    def _roll(self, now: float) -> None:
        """Begin a window. The one before counts on where it has only just ended."""
        follows = now < self._ends + _WINDOW
        self._before = self._count if follows else 0
        self._span = now - self._began if follows else _WINDOW
        self._count = 0
        self._began = now
        self._ends = now + _WINDOW


class AdaptiveRate:
    """The limit of one kind of requests to one table.

    Attributes:
        limit: Requests a second; None where the table takes what comes.
        goodput: What the table took.
    """

    def __init__(self) -> None:
        """Start without a limit."""
        self.limit: float | None = None
        self.goodput = Goodput()
        self._cut_at = 0.0
        self._peak = 0.0
        self._climb = 0.0
        self._is_first = False

    def succeeded(self, sent: float, now: float) -> None:
        """Let the limit grow, because the table took a request that was sent at ``sent``."""
        self.goodput.note(now)
        if self.limit is None:
            return
        if self._is_first and sent <= self._cut_at:
            # It was under way when the first one was throttled, and was not counted then.
            self._aim(max(self._peak, self.goodput.per_second(now)))
        grown = self._peak + _SCALE * (now - self._cut_at - self._climb) ** 3
        self.limit = max(self.limit, grown)

    def throttled(self, sent: float, now: float) -> bool:
        """Cut the limit, because the table refused a request that was sent at ``sent``.

        Returns False for a request that was sent before the last cut: it says nothing new.
        """
        if self.limit is not None and sent <= self._cut_at:
            return False
        self._is_first = self.limit is None
        self._cut_at = now
        self._aim(self._rate_that_was_too_much(now))
        return True

    def forget(self) -> None:
        """Take the limit away."""
        self.limit = None

    def _aim(self, peak: float) -> None:
        """Set the rate that was too much, and the limit below it."""
        self._peak = peak
        self._climb = (peak * (1 - _BETA) / _SCALE) ** (1 / 3)
        self.limit = max(peak * _BETA, LOWEST)

    def _rate_that_was_too_much(self, now: float) -> float:
        """Return what the table took lately, where that was less than the limit.

        A limit that nobody used up is no measure; but one quiet moment does not take all
        of it away either.
        """
        taken = self.goodput.per_second(now)
        if self.limit is None:
            return max(taken, FIRST_LOWEST / _BETA)
        return min(self.limit, max(taken, self.limit / 2))
