"""Throughput as DynamoDB grants it: so many operations a second, and a burst of them."""

import time
from collections.abc import Callable

from tests.faults.messages import READS, WRITES

_CHARGED = READS | WRITES


class Throttle:
    """A bucket of operations that fills at a steady rate.

    Attributes:
        granted: Operations that had their share.
        refused: Operations that found the bucket empty.
    """

    def __init__(
        self,
        operations_per_second: float,
        *,
        burst: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with a full bucket.

        Args:
            operations_per_second: Reads and writes together.
            burst: How many may come at once; a second's worth by default.
            clock: A steady clock in seconds.
        """
        self.granted = 0
        self.refused = 0
        self._rate = operations_per_second
        self._burst = max(1.0, operations_per_second if burst is None else burst)
        self._clock = clock
        self._left = self._burst
        self._at = clock()

    def grants(self, operation: str) -> bool:
        """Tell whether an operation may go on; what the control plane does always may."""
        if operation not in _CHARGED:
            return True
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            self.refused += 1
            return False
        self._left -= 1
        self.granted += 1
        return True
