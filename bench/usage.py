"""CPU time and memory of a process and all its children, from Linux's /proc."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
FORGET_PEAK = "5"
"""What proc(5) wants in clear_refs to set the peak back to what is resident now."""


def cpu_seconds(pid: int) -> float:
    """Return the CPU time so far, user and system, of a process, its threads and its children.

    Of those that run it is exact; of children that have ended the kernel keeps ticks of
    10 ms. A process that has ended counts as 0.
    """
    return sum(_clock(one) + _ended_children(one) for one in _tree(pid))


def peak_bytes(pid: int) -> int:
    """Return the most memory that the running processes had resident at a time, summed up."""
    return sum(_memory(one, "VmHWM") for one in _tree(pid))


def resident_bytes(pid: int) -> int:
    """Return the resident memory now, what processes share counted for each."""
    return sum(_memory(one, "VmRSS") for one in _tree(pid))


def forget_peak(pid: int) -> None:
    """Let `peak_bytes` count from now on."""
    for one in _tree(pid):
        # One that has ended has no peak.
        with suppress(FileNotFoundError, ProcessLookupError):
            Path(f"/proc/{one}/clear_refs").write_text(FORGET_PEAK)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _read(listing).split():
            yield from _tree(int(child))


def _clock(pid: int) -> float:
    # The number that clock_getcpuclockid(3) makes: the process's own clock of scheduled time.
    clock = (~pid << 3) | 2
    try:
        return time.clock_gettime(clock)
    except OSError:
        return 0.0


def _ended_children(pid: int) -> float:
    stat = _read(Path(f"/proc/{pid}/stat"))
    # Fields 16 and 17 of proc(5): cutime and cstime. The second field, the command's name,
    # can hold spaces and ends at the last parenthesis.
    return sum(int(field) for field in stat.rpartition(")")[2].split()[13:15]) / TICKS_PER_SECOND


def _memory(pid: int, name: str) -> int:
    lines = (line.split() for line in _read(Path(f"/proc/{pid}/status")).splitlines())
    return next((int(line[1]) * 1024 for line in lines if line[0] == f"{name}:"), 0)


def _read(path: Path) -> str:
    """Return a file's text; none where the process has ended."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
