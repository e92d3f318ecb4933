"""A root folder as bare as a sandbox can be: the C library, /proc, /tmp, and the layer in /opt."""

import os
import platform
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engines.dynamodb_local import tools_are_required
from tests.extension.processes import within_root
from tests.project.checkout import ROOT

LAYER = ROOT / "dist" / f"pannier-lambda-layer-{platform.machine()}.zip"
PROGRAM = "/opt/extensions/pannier"

# The loader, and all that glibc's own package has for programs.
_LOADERS = {"x86_64": "lib64/ld-linux-x86-64.so.2", "aarch64": "lib/ld-linux-aarch64.so.1"}
_C_LIBRARY = (
    *("libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1"),
    *("libresolv.so.2", "libnss_files.so.2", "libnss_dns.so.2"),
)


@dataclass(frozen=True)
class Sandbox:
    """The root folder."""

    root: Path

    @property
    def tmp(self) -> Path:
        """Its folder for temporary files, as seen from outside."""
        return self.root / "tmp"

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the program in it, and return what came of it."""
        return subprocess.run(
            [*within_root(self.root), PROGRAM, *arguments],
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )


def build_layer() -> Path:
    """Build the layer, and return its file."""
    require(os.geteuid() == 0, "these tests change the root folder, which only root may: use sudo")
    subprocess.run(["make", "--silent", "layer"], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return LAYER


def require(there: bool, why: str) -> None:
    """Skip the test where something is missing; in CI that is a failure."""
    if not there:
        if tools_are_required():
            pytest.fail(why)
        pytest.skip(why)


@contextmanager
def make_sandbox(root: Path) -> Iterator[Sandbox]:
    """Fill a folder, and mount /proc in it for the body of a ``with``."""
    for name in ("tmp", "proc"):
        (root / name).mkdir(parents=True)
    _fill(root)
    subprocess.run(["mount", "-t", "proc", "proc", root / "proc"], check=True)
    try:
        yield Sandbox(root)
    finally:
        subprocess.run(["umount", root / "proc"], check=True)


def _fill(root: Path) -> None:
    loader = _LOADERS[platform.machine()]
    libraries = Path("/lib", f"{platform.machine()}-linux-gnu")
    for source, target in (
        (Path("/", loader), root / loader),
        *((libraries / name, root / "lib" / libraries.name / name) for name in _C_LIBRARY),
    ):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    _unpack(LAYER, root / "opt")


def _unpack(archive: Path, target: Path) -> None:
    """Unpack with the files' modes, as Lambda does."""
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            Path(opened.extract(entry, target)).chmod(entry.external_attr >> 16 & 0o777)
