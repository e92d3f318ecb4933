"""Sidecar processes on one store, that are killed and come back where they were."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.engines.cache import CHECKOUT
from tests.engines.process import ServerProcess

PLAIN = ("-m", "pannier_server")


@dataclass(frozen=True, slots=True)
class Command:
    """How a sidecar is started.

    Attributes:
        store: The store's URL.
        python: Python's arguments: the module to run, and what comes before ``serve``.
        environment: Variables to set.
    """

    store: str
    python: Sequence[str] = PLAIN
    environment: Mapping[str, str] = field(default_factory=dict)


class Sidecar:
    """One place where a sidecar listens, and the process that does.

    Attributes:
        address: Where it listens.
        kills: How often it was killed.
    """

    def __init__(self, command: Command, folder: Path, number: int) -> None:
        """Take a folder for the socket; nothing is started yet."""
        self.address = f"unix:{folder}/{number}.sock"
        self.kills = 0
        self._command = command
        self._process: ServerProcess | None = None

    async def start(self) -> None:
        """Start it, and return when it listens."""
        await asyncio.to_thread(self._start)

    async def kill(self) -> None:
        """End it as a crash would (kill -9), and start it again."""
        assert self._process is not None
        self.kills += 1
        os.kill(self._process.pid, signal.SIGKILL)
        await asyncio.to_thread(self.stop)
        await self.start()

    def stop(self) -> None:
        """End it, if it runs.

        Raises:
            AssertionError: It has met something that it did not foresee.
        """
        if self._process is None:
            return
        self._process.stop()
        told = self._process.log_tail()
        self._process = None
        assert "Traceback" not in told, told

    def _start(self) -> None:
        command = self._command
        self._process = process = ServerProcess(
            [
                *(sys.executable, *command.python, "serve", f"--store={command.store}"),
                *(f"--listen={self.address}", "--log-level=error", "--sweep-interval=1s"),
            ],
            cwd=CHECKOUT,
            environment=command.environment,
        )
        while " serves " not in process.log_tail():
            code = process.wait(0.01)
            assert code is None, f"no sidecar started ({code}): {process.log_tail()}"
