"""Python programs that make their calls themselves, each a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

from bench.comparison.entries import IN_PROCESS, Entry
from bench.comparison.stores import TABLE
from bench.ghz_runs import CHECKOUT
from bench.servers import ServerFailed

LONGEST_SECONDS = 120


@contextmanager
def running_program(
    entry: Entry, place: str, seconds: float, *, warm_up: float
) -> Iterator["Program"]:
    """Run `bench.contenders.in_process` for an entry until the block ends.

    Args:
        entry: What to call.
        place: The engine's URL, or the sidecar's address.
        seconds: How long `Program.measure` shall take.
        warm_up: Seconds of calls before.
    """
    process = subprocess.Popen(
        [
            sys.executable, "-m", "bench.contenders.in_process", IN_PROCESS[entry.kind], entry.call,
            "--place", place, "--table", TABLE, "--callers", str(entry.callers),
            "--record-bytes", str(entry.record_bytes), "--seconds", str(seconds),
            "--warm-up", str(warm_up),
        ],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    limit = Timer(LONGEST_SECONDS, process.kill)
    limit.daemon = True
    limit.start()
    try:
        yield Program(process)
    finally:
        process.communicate()
        limit.cancel()


class Program:
    """A running program."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        """Take its process."""
        self._process = process

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Return when its first calls have been answered.

        Raises:
            ServerFailed: It ended before.
        """
        self._line()

    def measure(self) -> dict[str, Any]:
        """Let it measure, and return what it reports.

        Raises:
            ServerFailed: It ended before.
        """
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        report: dict[str, Any] = json.loads(self._line())
        return report

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            _, problem = self._process.communicate()
            raise ServerFailed(f"a program that makes its own calls failed:\n{problem}")
        return line
