"""Lock files pin every package by version and hash, and name no place to get it from."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.project.checkout import ROOT, committed_text_files

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


def _folders_with(name: str) -> list[Path]:
    """Return the folders of the checkout that hold a file of this name."""
    found = [path.parent for path in committed_text_files() if path.name == name]
    assert found
    return found


def test_npm_packages_are_pinned_with_hashes_and_without_a_place() -> None:
    for folder in _folders_with("package.json"):
        lock = json.loads((folder / "package-lock.json").read_text())
        packages = [package for name, package in lock["packages"].items() if name]
        assert packages
        for package in packages:
            assert package["integrity"].startswith("sha512-")
            assert "resolved" not in package


def test_go_modules_are_pinned_with_hashes() -> None:
    for folder in _folders_with("go.mod"):
        settings = (folder / "go.mod").read_text()
        sums = (folder / "go.sum").read_text()
        ours = set(re.findall(r"^replace (\S+) =>", settings, re.MULTILINE))
        wanted = re.findall(r"^\t(\S+) (v\S+)", settings, re.MULTILINE)
        fetched = [f"{module} {version}" for module, version in wanted if module not in ours]
        assert fetched
        assert [module for module in fetched if f"{module}/go.mod h1:" not in sums] == []


def test_crates_are_pinned_with_hashes() -> None:
    for folder in _folders_with("Cargo.lock"):
        packages = tomllib.loads((folder / "Cargo.lock").read_text())["package"]
        fetched = [package for package in packages if "source" in package]
        assert fetched
        for package in fetched:
            # Cargo writes this name for the index of its own registry, wherever it is taken from.
            assert package["source"].startswith("registry+")
            assert re.fullmatch("[0-9a-f]{64}", package["checksum"])


def test_each_cargo_workspace_has_a_lock_file() -> None:
    locked = set(_folders_with("Cargo.lock"))
    for folder in _folders_with("Cargo.toml"):
        assert locked & {folder, folder.parent}
