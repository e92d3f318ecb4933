"""What each client adds to a call through the bare stub that is generated for its language."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import servers
from bench.servers import ServerFailed
from tests.clients.languages import LANGUAGES, ROOT, Language, ToolsAbsent

CALLS = 2_000
"""In each of the runner's rounds, of each kind and way."""
ROUNDS = 5
"""Of the runner, which lets the stub and the client take turns."""
_LONGEST_SECONDS = 300

# The runner of Python's asyncio client lets a thread wait for the loop, so its figures would
# say nothing of the client.
MEASURED = tuple(one for one in LANGUAGES.values() if "--aio" not in one.options)
"""The languages whose clients are measured."""


@dataclass(frozen=True)
class Overhead:
    """One kind of call in one language. Times are microseconds a call, medians.

    Attributes:
        language: What people call it.
        call: ``get`` or ``put_if_version``, of 1,000 bytes.
        stub_wall: Through the bare stub.
        client_wall: Through the client.
        stub_cpu: The same in CPU time of the whole process; None where it cannot tell.
        client_cpu: The same through the client.
    """

    language: str
    call: str
    stub_wall: float
    client_wall: float
    stub_cpu: float | None
    client_cpu: float | None

    @property
    def ratio(self) -> float:
        """The client's time over the stub's."""
        return self.client_wall / self.stub_wall


def overheads(folder: Path, scale: float) -> Iterator[Overhead]:
    """Measure every language whose tools are here, over a Unix socket, records in memory.

    Args:
        folder: For the socket.
        scale: How many calls are made, as a share of `CALLS`.

    Raises:
        ServerFailed: The sidecar did not start, or a runner failed.
    """
    with servers.sidecar("memory:", address=f"unix:{folder}/clients.sock") as server:
        for language in MEASURED:
            try:
                runner = language.runner()
            except ToolsAbsent as absent:
                print(f"passed over: {absent}", file=sys.stderr)
                continue
            yield from _measured(language, runner, server.address, max(200, int(CALLS * scale)))


def _measured(
    language: Language, runner: Sequence[str], address: str, calls: int
) -> Iterator[Overhead]:
    numbers = ("--calls", str(calls), "--rounds", str(ROUNDS))
    command = [*runner, "overhead", address, *numbers]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=_LONGEST_SECONDS, check=False
    )
    if done.returncode:
        raise ServerFailed(f"the runner of {language.title} ended with {done.returncode}")
    for call, figures in json.loads(done.stdout.splitlines()[-1]).items():
        yield Overhead(language.title, call, **figures)
