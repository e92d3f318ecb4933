"""The licences of what is in the self-contained program."""

import re
import shutil
import sysconfig
from importlib import metadata
from pathlib import Path

_NAMES = re.compile(r"(licen[cs]e|copying|notice)", re.IGNORECASE)


def copy_licenses(lock: Path, target: Path) -> None:
    """Copy the licences of Python, and of each package that a lock file names.

    Args:
        lock: The lock file; its packages are installed.
        target: The folder for them; each package gets one of its own.
    """
    packages = re.findall(r"^([\w.-]+)==", lock.read_text(), re.MULTILINE)
    for package in (*packages, "pyinstaller"):
        for file in metadata.files(package) or ():
            if ".dist-info" in file.parts[0] and _NAMES.search(file.name):
                _copy(Path(str(file.locate())), target / package)
    python = Path(sysconfig.get_path("stdlib"), "LICENSE.txt")
    if python.exists():
        _copy(python, target / "python")


def _copy(file: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, folder / file.name)
