"""The checkout that the tests look at."""

import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DISTRIBUTIONS = {"pannier": ROOT / "client" / "python", "pannier_server": ROOT / "server"}
"""The folder of each Python distribution, by the name of its package."""


def project_table(folder: Path) -> dict[str, Any]:
    """Return the ``[project]`` table of a distribution's pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    return table


def committed_text_files() -> list[Path]:
    """Return the files that git has or would add, without those that hold no text."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    result = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in result.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()]
