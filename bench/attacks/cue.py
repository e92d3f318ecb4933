"""How a process that has to start on time is started: it says ``ready``, and is told to go."""

import sys

READY = "ready"


def await_cue() -> None:
    """Say that all is prepared, and wait for a line on standard input."""
    print(READY, flush=True)
    sys.stdin.readline()
