"""``pannier export`` and ``pannier import``, in this process and as others."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile
from unittest.mock import patch

from pannier_server.cli import main
from tests.engines.table import Table

COMMAND = (sys.executable, "-m", "pannier_server")
SECONDS = 300

READER_GONE = (
    "pannier: the reader has gone; begin again: only an export to a file (--output) can be resumed"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command."""

    code: int
    output: bytes
    errors: str


def run(*arguments: str, stdin: bytes = b"") -> Outcome:
    """Run a command to its end in this process, with files for its streams."""
    with TemporaryFile() as given, TemporaryFile() as output, TemporaryFile() as errors:
        given.write(stdin)
        given.seek(0)
        with (
            TextIOWrapper(given) as replaced,
            TextIOWrapper(output, write_through=True) as printed,
            TextIOWrapper(errors, write_through=True) as complained,
            patch.multiple(sys, stdin=replaced, stdout=printed, stderr=complained),
        ):
            try:
                code = main(arguments)
            except SystemExit as ended:
                code = int(ended.code or 0)
            for stream in (output, errors):
                stream.seek(0)
            return Outcome(code, output.read(), errors.read().decode())


def start(*arguments: str) -> "subprocess.Popen[bytes]":
    """Start a command whose output nobody reads."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_when_it_grows(process: "subprocess.Popen[bytes]", file: Path, size: int) -> bool:
    """End a process without warning once a file has a size; False where it ended before."""
    deadline = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if file.exists() and file.stat().st_size >= size:
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.001)
    return process.wait() == -signal.SIGKILL


@dataclass(frozen=True, slots=True)
class Pipe:
    """``export | import`` under way."""

    exporter: "subprocess.Popen[bytes]"
    importer: "subprocess.Popen[bytes]"

    def outcomes(self) -> tuple[Outcome, Outcome]:
        """Wait for both, and return what became of them."""
        printed, complained = self.importer.communicate(timeout=SECONDS)
        assert self.exporter.stderr is not None
        with self.exporter.stderr as errors:
            exported = Outcome(self.exporter.wait(), b"", errors.read().decode())
        return exported, Outcome(self.importer.returncode, printed, complained.decode())


def start_pipe(here: str, there: str) -> Pipe:
    """Start to export one store into another."""
    exporter = subprocess.Popen(
        [*COMMAND, "export", "--store", here], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert exporter.stdout is not None
    # Here it is closed, so that the exporter notices when the importer is gone.
    with exporter.stdout as stream:
        importer = subprocess.Popen(
            [*COMMAND, "import", "--store", there],
            stdin=stream,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    return Pipe(exporter, importer)


def wait_for_rows(table: Table, rows: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until a table has so many rows, or the process that writes them has ended."""
    client = table.client()
    while process.poll() is None:
        if client.describe_table(TableName=table.name)["Table"]["ItemCount"] >= rows:
            return
        time.sleep(0.2)


def lines(path: Path) -> list[bytes]:
    """Return a file's lines."""
    return path.read_bytes().splitlines(keepends=True)


def is_private(path: Path) -> bool:
    """Tell whether a file is its owner's alone."""
    return os.stat(path).st_mode & 0o077 == 0  # noqa: PTH116
