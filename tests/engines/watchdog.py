"""Ends a group of processes when whoever started it is gone, however it went.

Run as ``python watchdog.py GROUP`` with a pipe as standard input. One byte on the pipe
says that the group has been ended already; the pipe's end without it, which the kernel
sees to even after a SIGKILL, means that nobody is left to do so.
"""

import contextlib
import os
import signal
import sys

if __name__ == "__main__" and not sys.stdin.buffer.read(1):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(int(sys.argv[1]), signal.SIGKILL)
