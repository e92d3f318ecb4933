"""Programs of others that speak with our servers, built by make when a test first needs them."""

import fcntl
import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.engines.dynamodb_local import tools_are_required

CHECKOUT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(".cache", "bin")
OLDEST_GO = (1, 24)
BUILD_SECONDS = 600


def peer(name: str) -> Path:
    """Return a program of `.cache/bin`, built first where it is missing or out of date.

    Where it cannot be built for want of a tool, the test that asks is skipped, or fails
    where tools are required (``CI=true`` or ``PANNIER_REQUIRE_TOOLS=1``).
    """
    missing = problem()
    if missing is not None:
        reason = f"{name} cannot be built: {missing}"
        if tools_are_required():
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    _make(PROGRAMS / name)
    return CHECKOUT / PROGRAMS / name


@functools.cache
def problem() -> str | None:
    """Return why no program can be built on this machine, None where they can."""
    for tool in ("make", "go"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    version = _go_version()
    if version < OLDEST_GO:
        return "Go {}.{} is older than {}.{}".format(*version, *OLDEST_GO)
    return None


def _go_version() -> tuple[int, int]:
    answer = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True)
    match = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    # A development version has no number; it is newer than all that have one.
    return (int(match[1]), int(match[2])) if match else OLDEST_GO


def _make(target: Path) -> None:
    """Make a program; another test run that makes one at the same time goes first."""
    (CHECKOUT / PROGRAMS).mkdir(parents=True, exist_ok=True)
    with (CHECKOUT / PROGRAMS / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = subprocess.run(
            ["make", "--no-print-directory", os.fspath(target)],
            cwd=CHECKOUT,
            env={name: os.environ[name] for name in os.environ if not name.startswith("MAKE")},
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
            check=False,
        )
    if result.returncode != 0:
        pytest.fail(f"make {target} failed:\n{result.stderr}", pytrace=False)
