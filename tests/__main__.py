"""Runs the tests: ``python -m tests``, or some of them with pytest's own arguments.

All of them run in two processes at the same time, because most of them wait for something
most of the time. What the second one prints is shown when both have ended.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress

from tests.engines.cache import CHECKOUT

PYTEST = (sys.executable, "-m", "pytest", "-m", "not slow")
SECOND = ("clients", "conformance", "security", "service", "sqlite", "transport")
"""The folders of the second process; about half of the time."""


def main(arguments: Sequence[str]) -> int:
    """Run the tests, and return the exit code."""
    if arguments:
        return subprocess.run([*PYTEST, *arguments], cwd=CHECKOUT, check=False).returncode
    folders = [f"tests/{name}" for name in SECOND]
    with tempfile.TemporaryFile() as output:
        # Each remembers what has failed, for --last-failed, in a place of its own.
        second = subprocess.Popen(
            [*PYTEST, *_colour(), "-o", "cache_dir=.pytest_cache/second", *folders],
            cwd=CHECKOUT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        first = subprocess.Popen([*PYTEST, *(f"--ignore={each}" for each in folders)], cwd=CHECKOUT)
        codes = [_wait(first), _wait(second)]
        output.seek(0)
        print("\nMeanwhile, in another process:", flush=True)
        shutil.copyfileobj(output, sys.stdout.buffer)
        sys.stdout.flush()
    return max(codes)


def _wait(process: "subprocess.Popen[bytes]") -> int:
    """Wait until a process ends; where the user interrupts, it has been told too."""
    while True:
        with suppress(KeyboardInterrupt):
            return process.wait()


def _colour() -> Sequence[str]:
    return ["--color=yes"] if sys.stdout.isatty() else []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
