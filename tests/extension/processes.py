"""Extensions as Lambda starts them, frozen and thawed."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.engines.aws_environment import REGION

FROM_SOURCE = (sys.executable, "-m", "pannier_server", "lambda")
"""The command of this checkout."""

FUNCTION = {
    "AWS_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "session",
    "AWS_LAMBDA_FUNCTION_NAME": "tasks",
    "PATH": "/usr/bin:/bin",
}
"""What a function's environment has; HOME is not there."""


@dataclass
class Extension:
    """A running extension.

    Attributes:
        process: Its process.
        log: The file with its standard output and error.
    """

    process: subprocess.Popen[bytes]
    log: IO[bytes]

    def freeze(self) -> None:
        """Stop the process, and wait until it stands still."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    async def ended(self) -> int:
        """Wait until the process has ended, and return its exit code."""
        async with asyncio.timeout(60):
            return await asyncio.to_thread(self.process.wait)

    def said(self) -> str:
        """Return what it has printed so far."""
        return os.pread(self.log.fileno(), 2**20, 0).decode()


@contextmanager
def extension(
    folder: Path,
    runtime_api: str,
    variables: Mapping[str, str],
    *,
    command: Sequence[str | Path] = FROM_SOURCE,
    within: Path | None = None,
) -> Iterator[Extension]:
    """Run an extension for the body of a ``with``.

    Args:
        folder: For its log.
        runtime_api: Where Lambda's Extensions API is.
        variables: What is in its environment beside `FUNCTION`; TMPDIR is ``folder`` unless it
            says otherwise. Empty ones are left out.
        command: What to run.
        within: The folder that is the root of its file system.
    """
    environment: Mapping[str, str] = {
        **FUNCTION,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "PANNIER_LISTEN": f"unix:{folder}/pannier.sock",
        "TMPDIR": str(folder),
        **variables,
    }
    with (folder / "extension.log").open("wb+") as log:
        process = subprocess.Popen(
            [*within_root(within), *command],
            env={name: value for name, value in environment.items() if value},
            cwd="/" if within else None,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Extension(process, log)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def within_root(root: Path | None) -> list[str | Path]:
    """Return the start of a command that runs with another root folder."""
    if root is None:
        return []
    command = shutil.which("chroot", path="/usr/sbin:/usr/bin:/sbin:/bin")
    assert command is not None
    return [command, root]
