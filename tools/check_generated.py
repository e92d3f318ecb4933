"""Fails where the checked-in generated code is not what the contract gives today.

Generates Python's code into a temporary folder, compares each file byte by byte with the
checkout's, and looks for generated files that nothing generates any more. The clients in
other languages generate theirs in place; a file that changes by it was not up to date.
"""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
WRITTEN_BY_HAND = {"__init__.py"}


def differences(buf: str) -> list[str]:
    """Return one line for each file of Python's that is changed, missing or left over."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([buf, "generate", "--output", folder], cwd=CHECKOUT, check=True)
        generated = _files(Path(folder))
        checked_in = set[Path]()
        for parent in {path.parent for path in generated}:
            checked_in |= {parent / path for path in _files(CHECKOUT / parent)}
        changed = [
            f"{path} differs from what the contract gives"
            for path in sorted(generated & checked_in)
            if (CHECKOUT / path).read_bytes() != Path(folder, path).read_bytes()
        ]
    missing = [f"{path} is missing" for path in sorted(generated - checked_in)]
    stale = [f"{path} is no longer generated" for path in sorted(checked_in - generated)]
    return changed + missing + stale


def differences_of_clients() -> list[str]:
    """Generate the code of the other clients, and return one line for each file that changed."""
    before = _digests()
    subprocess.run([sys.executable, "-m", "tests.clients", "generate"], cwd=CHECKOUT, check=True)
    after = _digests()
    return [
        f"{path} differed from what the contract gives"
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def _digests() -> Mapping[str, str]:
    """Return the digests of all files below client/ that git would keep."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "client"],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    files = {name: CHECKOUT / name for name in listed.stdout.split("\0") if name}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
        if path.is_file()
    }


def _files(folder: Path) -> set[Path]:
    return {
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name not in WRITTEN_BY_HAND
    }


if __name__ == "__main__":
    found = differences(sys.argv[1]) + differences_of_clients()
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit("Run `make proto` and commit what it writes." if found else 0)
