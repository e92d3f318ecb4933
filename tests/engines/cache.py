"""The folder that keeps downloaded engines, so that each is fetched once per checkout."""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
ENGINES = CHECKOUT / ".cache" / "engines"
"""Ignored by git and left out of images: AWS's licence forbids handing its engine on."""


def installed(name: str, install: Callable[[Path], None], engines: Path = ENGINES) -> Path:
    """Return the folder called ``name``, filled by ``install`` where it is not yet there.

    Runs that need the same engine at the same time wait for the first one. A folder
    whose installation was interrupted lacks its mark and is made again.
    """
    folder = engines / name
    engines.mkdir(parents=True, exist_ok=True)
    with _locked(engines / f"{name}.lock"):
        complete = folder / ".complete"
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            install(folder)
            complete.touch()
    return folder


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
