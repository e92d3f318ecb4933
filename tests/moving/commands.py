"""``pannier export`` and ``pannier import``, in this process and as others."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile
from unittest.mock import patch

from pannier_server.cli import main

COMMAND = (sys.executable, "-m", "pannier_server")
SECONDS = 300


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


def pipe(exporting: Sequence[str], importing: Sequence[str]) -> tuple[int, Outcome]:
    """Run ``export | import`` and return both exit codes, and what the second one printed."""
    source = subprocess.Popen(
        [*COMMAND, *exporting], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert source.stdout is not None
    done = subprocess.run(
        [*COMMAND, *importing],
        stdin=source.stdout,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    source.stdout.close()
    return source.wait(), Outcome(done.returncode, done.stdout, done.stderr.decode())


def lines(path: Path) -> list[bytes]:
    """Return a file's lines."""
    return path.read_bytes().splitlines(keepends=True)


def is_private(path: Path) -> bool:
    """Tell whether a file is its owner's alone."""
    return os.stat(path).st_mode & 0o077 == 0  # noqa: PTH116
