"""The sidecar, installed somewhere outside the checkout."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.engines.process import ServerProcess


@dataclass(frozen=True)
class Installation:
    """A virtual environment with the command `pannier`."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def run(self, command: str, *arguments: str, **variables: str) -> str:
        """Return what a command of the environment prints; it must succeed."""
        return subprocess.run(
            [self.folder / "bin" / command, *arguments],
            cwd=self.folder,
            env=self._environment(variables),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout

    @contextmanager
    def serving(self, variables: Mapping[str, str]) -> Iterator[None]:
        """Run ``pannier serve`` with these settings while the block lasts."""
        server = ServerProcess(
            [self.folder / "bin" / "pannier", "serve"],
            cwd=self.folder,
            environment=self._environment(variables),
        )
        try:
            while " serves " not in server.log_tail():
                assert server.wait(0.05) is None, server.log_tail()
            yield
        finally:
            server.stop()

    def _environment(self, variables: Mapping[str, str]) -> Mapping[str, str]:
        return {**os.environ, **variables, "PYTHONPATH": "", "HOME": str(self.folder)}
