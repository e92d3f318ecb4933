"""How failed calls are tried again."""

import random
from dataclasses import dataclass

_MAX_DOUBLINGS = 32  # 2.0**1024 overflows; no policy needs a longer pause than this gives


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how soon a failed call is tried again, where that is safe.

    Before attempt n+1 it waits a random time between 0 and the smaller of ``max_backoff``
    and ``initial_backoff`` * 2^(n-1) (full jitter). A pause that does not fit into the
    call's time is not made: the last error is raised at once.

    Attributes:
        max_attempts: The most attempts at one call, the first included; 1 switches
            retries off. None (the default): as many as fit into the call's time.
        initial_backoff: The longest first pause, in seconds.
        max_backoff: The longest pause, in seconds.
    """

    max_attempts: int | None = None
    initial_backoff: float = 0.05
    max_backoff: float = 1.0

    def __post_init__(self) -> None:
        """Refuse settings that make no sense."""
        if self.max_attempts is not None and self.max_attempts < 1:
            raise ValueError("max_attempts must be at least 1; 1 switches retries off")
        if not 0 < self.initial_backoff <= self.max_backoff:
            raise ValueError("initial_backoff must be above 0 and at most max_backoff")

    def backoff(self, attempts: int) -> float:
        """Return a random pause in seconds after so many attempts (from 1 up)."""
        doublings = min(attempts - 1, _MAX_DOUBLINGS)
        return random.random() * min(self.max_backoff, self.initial_backoff * 2.0**doublings)


DEFAULT_RETRIES = RetryPolicy()
"""Tries again until the call's time is over."""

NO_RETRIES = RetryPolicy(max_attempts=1)
"""One attempt at each call."""
