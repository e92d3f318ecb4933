"""The pool's clock."""

import time
from collections.abc import Callable


def _boot_time() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


suspend_aware_clock: Callable[[], float] = (
    _boot_time if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic
)
"""A steady clock in seconds that goes on while the machine sleeps, where there is one.

A connection that was idle before a machine (or a frozen sandbox) slept for minutes is
dead, although ``time.monotonic`` of Linux saw no time pass.
"""
