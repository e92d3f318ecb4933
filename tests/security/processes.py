"""Sidecars as real processes whose whole output can be read."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECONDS = 60


@dataclass(slots=True)
class LoggedSidecar:
    """A running ``pannier serve``.

    Attributes:
        process: The process.
        output: The file with its standard output and error.
        addresses: Where it listens.
    """

    process: "subprocess.Popen[bytes]"
    output: Path
    addresses: list[str]

    @property
    def text(self) -> str:
        return self.output.read_text()

    def wait_for(self, said: str, times: int = 1) -> None:
        """Wait until the output has a text so many times."""
        deadline = time.monotonic() + SECONDS
        while self.text.count(said) < times:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError(f"{said!r} is not {times} times in: {self.text}")
            time.sleep(0.02)


@contextmanager
def logged_sidecar(output: Path, *flags: str) -> Iterator[LoggedSidecar]:
    """Run ``pannier serve`` for the body of a ``with``."""
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "pannier_server", "serve", *flags],
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    sidecar = LoggedSidecar(process, output, [])
    try:
        sidecar.wait_for(" serves ")
        where = re.search(r" serves .* on (.*?)(?: with \d+ workers)?$", sidecar.text, re.MULTILINE)
        assert where is not None
        sidecar.addresses = where[1].split(" and ")
        yield sidecar
    finally:
        process.terminate()
        process.wait(SECONDS)
