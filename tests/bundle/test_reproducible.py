"""Who builds the layer elsewhere, and later, gets the same bytes: it can be checked by anyone."""

import hashlib
import os
import platform
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.project.checkout import ROOT, committed_text_files

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ENVIRONMENT = Path(".cache", "bundle")
# What differs between two people, and must not be seen in what they build.
ANOTHER = {"TZ": "Pacific/Auckland", "LC_ALL": "C", "USER": "someone", "HOME": "/nonexistent"}


def checkout_in(folder: Path) -> Path:
    """Copy this checkout, with the packages that build; all files of it are newer then."""
    for path in committed_text_files():
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    shutil.copytree(ROOT / ENVIRONMENT, folder / ENVIRONMENT, symlinks=True)
    return folder


def build_in(checkout: Path) -> Path:
    """Do what `make layer` does once its packages are there."""
    subprocess.run(
        [checkout / ENVIRONMENT / "bin" / "python", "-m", "tools.bundle"],
        cwd=checkout,
        env={**os.environ, **ANOTHER},
        stdout=subprocess.DEVNULL,
        umask=0o077,
        check=True,
    )
    return checkout / "dist" / f"pannier-lambda-layer-{platform.machine()}.zip"


def digests(archive: Path) -> dict[str, str]:
    with zipfile.ZipFile(archive) as opened:
        return {name: hashlib.sha256(opened.read(name)).hexdigest() for name in opened.namelist()}


def test_another_folder_and_another_time_make_the_same_archive(layer: Path, tmp_path: Path) -> None:
    again = build_in(checkout_in(tmp_path / "somewhere" / "else"))
    first, second = digests(layer), digests(again)
    assert {name for name in first | second if first.get(name) != second.get(name)} == set()
    assert again.read_bytes() == layer.read_bytes()
