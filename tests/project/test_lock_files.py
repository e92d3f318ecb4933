"""Lock files pin every package by version and hash, and name no place to get it from."""

import json
import re
from pathlib import Path

import pytest

from tests.project.checkout import ROOT

REQUIREMENTS = sorted((ROOT / "requirements").glob("*.in"))
PIN = re.compile(r"^([\w.-]+)==\S+ \\\n(?:    --hash=sha256:[0-9a-f]{64}.*\n)+", re.MULTILINE)
PLACE = re.compile(r"://|^\s*(-i|--index-url|--extra-index-url|-f|--find-links)\b", re.MULTILINE)


def _lock_of(requirements: Path) -> str:
    return requirements.with_suffix(".txt").read_text()


@pytest.mark.parametrize("requirements", REQUIREMENTS, ids=lambda path: path.stem)
def test_each_requirement_is_pinned_with_hashes(requirements: Path) -> None:
    lock = _lock_of(requirements)
    started = {line.split("==")[0] for line in lock.splitlines() if re.match(r"[\w.-]+==", line)}
    pinned = set(PIN.findall(lock))
    wanted = {
        re.sub(r"\[.*", "", line)
        for line in requirements.read_text().splitlines()
        if line and not line.startswith(("#", "-"))
    }
    assert pinned == started
    assert wanted <= pinned


@pytest.mark.parametrize("requirements", REQUIREMENTS, ids=lambda path: path.stem)
def test_a_lock_file_names_no_place(requirements: Path) -> None:
    assert not PLACE.search(_lock_of(requirements))


@pytest.mark.parametrize("requirements", REQUIREMENTS, ids=lambda path: path.stem)
def test_locks_are_made_with_the_oldest_python(requirements: Path) -> None:
    assert "by pip-compile with Python 3.11\n" in _lock_of(requirements)


def test_npm_packages_are_pinned_with_hashes_and_without_a_place() -> None:
    lock = json.loads((ROOT / "tools" / "package-lock.json").read_text())
    packages = [package for name, package in lock["packages"].items() if name]
    assert packages
    for package in packages:
        assert package["integrity"].startswith("sha512-")
        assert "resolved" not in package


@pytest.mark.parametrize("module", ["go", "peers"])
def test_go_modules_are_pinned_with_hashes(module: str) -> None:
    folder = ROOT / "tools" / module
    wanted = re.findall(r"^\t(\S+ v\S+)", (folder / "go.mod").read_text(), re.MULTILINE)
    sums = (folder / "go.sum").read_text()
    assert [module for module in wanted if f"{module}/go.mod h1:" not in sums] == []
