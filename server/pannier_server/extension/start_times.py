"""How long each step of a start took, for the line that says so."""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

# After the name, which may hold anything, in /proc/PID/stat (proc(5), field 22).
_START_FIELD: Final = 19


class StartTimes:
    """The steps of one start, each from the end of the one before it."""

    def __init__(self) -> None:
        """Begin with the time that the process took to get here, where the system tells."""
        self._last = time.perf_counter()
        self._steps: dict[str, float] = {}
        with suppress(OSError, ValueError, AttributeError):
            self._steps["interpreter"] = _process_age()

    def end(self, step: str) -> None:
        """Note that a step has ended."""
        now = time.perf_counter()
        self._steps[step] = now - self._last
        self._last = now

    def __str__(self) -> str:
        """Return the sum, and the steps, in milliseconds."""
        steps = ", ".join(f"{step} {_milliseconds(took)}" for step, took in self._steps.items())
        return f"{_milliseconds(sum(self._steps.values()))} ms ({steps})"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"


def _process_age() -> float:
    """Return the seconds since the process began, to a hundredth."""
    fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    began = int(fields[_START_FIELD]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - began
