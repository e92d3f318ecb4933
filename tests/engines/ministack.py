"""ministack, the store that tests fall back to where DynamoDB Local cannot run."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.engines.cache import CHECKOUT, installed
from tests.engines.errors import EngineUnavailable

NAME = "ministack 1.5.33"
REQUIREMENTS = CHECKOUT / "requirements" / "ministack.txt"


def folder() -> Path:
    """Return ministack's own virtual environment, made where it is missing.

    Raises:
        EngineUnavailable: pip cannot install it.
    """
    return installed(NAME.replace(" ", "-"), _install)


def command() -> Sequence[str | Path]:
    """Return the command that serves where `environment` says."""
    return [folder() / "bin" / "ministack"]


def environment(port: int) -> Mapping[str, str]:
    """Return the variables that make ministack listen on ``port`` of 127.0.0.1."""
    return {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}


def _install(target: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", target], check=True)
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes"]
    result = subprocess.run(
        [target / "bin" / "python", "-m", "pip", "install", *options, "-r", REQUIREMENTS],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise EngineUnavailable(f"pip cannot install {NAME}:\n{result.stderr.strip()}")
