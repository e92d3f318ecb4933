"""The sidecar that is soaked, and what is seen of it from outside."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import usage
from tests.engines.cache import CHECKOUT


@dataclass(frozen=True, slots=True)
class Sample:
    """What a sidecar holds at a moment.

    Attributes:
        memory: Resident bytes.
        descriptors: Open files and sockets.
        tasks: asyncio's.
        threads: Its threads that Python knows of.
    """

    memory: int
    descriptors: int
    tasks: int
    threads: int


@dataclass(frozen=True, slots=True)
class Soaked:
    """A running sidecar.

    Attributes:
        address: Where it listens.
        pid: Its process.
        inspection: The socket on which it tells what it holds.
        log: What it logs.
    """

    address: str
    pid: int
    inspection: Path
    log: Path

    async def sample(self) -> Sample:
        """Return what it holds now."""
        reader, writer = await asyncio.open_unix_connection(str(self.inspection))
        inside = json.loads(await reader.readline())
        writer.close()
        descriptors = await asyncio.to_thread(_descriptors, self.pid)
        return Sample(usage.resident_bytes(self.pid), descriptors, **inside)

    def cpu_seconds(self) -> float:
        """Return the CPU time that it has used so far."""
        return usage.cpu_seconds(self.pid)

    def bugs(self) -> int:
        """Return how many exceptions it has logged that nobody foresaw."""
        return self.log.read_text(errors="replace").count("Traceback")


@asynccontextmanager
async def soaked_sidecar(store: str, folder: Path) -> AsyncIterator[Soaked]:
    """Run a sidecar for the body of an ``async with``."""
    soaked = await asyncio.to_thread(_start, store, folder)
    process, sidecar = soaked
    try:
        yield sidecar
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(process.wait, 30)
        finally:
            process.kill()
            process.communicate()


def _start(store: str, folder: Path) -> tuple[subprocess.Popen[bytes], Soaked]:
    inspection, log = folder / "inspection.sock", folder / "sidecar.log"
    address = f"unix:{folder}/sidecar.sock"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.soak.observed_sidecar", str(inspection)),
                *("serve", f"--store={store}", f"--listen={address}", "--log-level=error"),
            ],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    assert process.stdout is not None
    if not process.stdout.readline():
        raise AssertionError(f"no sidecar started: {log.read_text()[-4000:]}")
    return process, Soaked(address, process.pid, inspection, log)


def _descriptors(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
