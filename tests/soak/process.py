"""The sidecar that is soaked, and what is seen of it from outside."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import servers, usage


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
        server: Its process, and where it listens.
        inspection: The socket on which it tells what it holds.
    """

    server: servers.Server
    inspection: Path

    async def sample(self) -> Sample:
        """Return what it holds now."""
        reader, writer = await asyncio.open_unix_connection(str(self.inspection))
        inside = json.loads(await reader.readline())
        writer.close()
        descriptors = await asyncio.to_thread(_descriptors, self.server.process.pid)
        return Sample(usage.resident_bytes(self.server.process.pid), descriptors, **inside)

    def cpu_seconds(self) -> float:
        """Return the CPU time that it has used so far."""
        return self.server.cpu_seconds()

    def bugs(self) -> int:
        """Return how many exceptions it has logged that nobody foresaw."""
        return self.server.process.log().count("Traceback")


@asynccontextmanager
async def soaked_sidecar(store: str, folder: Path) -> AsyncIterator[Soaked]:
    """Run a sidecar for the body of an ``async with``."""
    inspection, address = folder / "inspection.sock", f"unix:{folder}/sidecar.sock"
    command = [
        *(sys.executable, "-m", "tests.soak.observed_sidecar", str(inspection)),
        *("serve", f"--store={store}", f"--listen={address}", "--log-level=error"),
    ]
    with ExitStack() as stack:
        running = servers.running(command, address)
        server = await asyncio.to_thread(stack.enter_context, running)
        yield Soaked(server, inspection)


def _descriptors(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
