"""Tells the operator that callers are refused, without letting them fill the log."""

import logging
import time
from collections.abc import Callable
from typing import Final

_log = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 10.0


class RefusalLog:
    """Logs the first refusal, and then one line in ten seconds with how many there were."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Take a clock that answers seconds."""
        self._now = now
        self._next = float("-inf")
        self._unsaid = 0

    def note(self, peer: str, why: str) -> None:
        """Count a refused call, and log it where a line is due.

        Args:
            peer: The caller's address.
            why: What the caller is told.
        """
        now = self._now()
        if now < self._next:
            self._unsaid += 1
            return
        others = f", and {self._unsaid} before it" if self._unsaid else ""
        self._next = now + _PAUSE_SECONDS
        self._unsaid = 0
        _log.warning("refused a call of %s%s: %s", peer, others, why)
