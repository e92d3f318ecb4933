"""A server process that never outlives the process that started it."""

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

WATCHDOG = Path(__file__).with_name("watchdog.py")
STOP_SECONDS = 10
LOG_TAIL_BYTES = 4_000


class ServerProcess:
    """A child process in a group of its own, watched by another that ends it with us.

    Its standard output and error go to a temporary file (`log`). A Ctrl-C in the
    terminal does not reach it: it lives until `stop` or until this process is gone.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start ``command``, with ``environment`` on top of this process's own."""
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as we do
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._watchdog = subprocess.Popen(
            [sys.executable, "-S", "-E", WATCHDOG, str(self.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The server's own process id, which is its group's id too."""
        return self._process.pid

    def wait(self, seconds: float) -> int | None:
        """Return the exit code, or None where the process still runs after ``seconds``."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """End the process with SIGTERM, or SIGKILL after 10 seconds; again is harmless."""
        self._process.terminate()
        if self.wait(STOP_SECONDS) is None:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
        if self._watchdog.poll() is None:
            self._watchdog.communicate(b"x")

    def log(self) -> str:
        """Return what the process has written so far."""
        return self._read_log(start=0)

    def log_tail(self) -> str:
        """Return the last 4,000 bytes that the process wrote."""
        return self._read_log(start=max(0, self._log_size() - LOG_TAIL_BYTES))

    def _read_log(self, *, start: int) -> str:
        size = self._log_size() - start
        return os.pread(self._log.fileno(), size, start).decode(errors="replace")

    def _log_size(self) -> int:
        return os.fstat(self._log.fileno()).st_size


def free_port() -> int:
    """Return a TCP port on 127.0.0.1 that nobody listens on.

    It is below the range that the kernel takes for outgoing connections. From that
    range, a client that keeps trying a server that is down can end up connected to
    itself, and the server then cannot have its port back.
    """
    while True:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if _binds(listener, port):
                return port


def _binds(listener: socket.socket, port: int) -> bool:
    try:
        listener.bind(("", port))
    except OSError:
        return False
    return True
