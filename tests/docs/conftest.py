"""A folder like a fresh checkout, in which pages are followed."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.docs.terminal import ThisMachine, short_folder
from tests.engines.process import free_port

_FOREIGN = (
    "AWS_",
    "PANNIER_",
    "XDG_",
    "PYTEST_",
    "PYTHON",
    "MAKE",
    "MFLAGS",
    "VIRTUAL_ENV",
    "ARGS",
)
# The ports of the pages: the sidecar's, and DynamoDB Local's.
_SIDECAR, _ENGINE = "50051", "8000"


@pytest.fixture
def machine() -> Iterator[ThisMachine]:
    """Make a place that shares nothing with this machine's user but what tools have fetched."""
    with short_folder() as folder:
        ports = {_SIDECAR: str(free_port()), _ENGINE: str(free_port())}
        _link_checkout(folder / "pannier")
        _put_make(folder / "bin", ports[_ENGINE])
        listen = f"unix:{folder}/runtime/pannier/pannier.sock,127.0.0.1:{ports[_SIDECAR]}"
        yield ThisMachine(folder, folder / "pannier", _environment(folder), ports, listen)


def _link_checkout(checkout: Path) -> None:
    """Link to what the checkout holds, so that files which a page saves stay out of it."""
    checkout.mkdir()
    for entry in ROOT.iterdir():
        if entry.name == "build":
            continue  # pages build there too
        (checkout / entry.name).symlink_to(entry)


def _put_make(folder: Path, engine_port: str) -> None:
    """Put a `make` that works in the real checkout: what that has set up names its place."""
    folder.mkdir()
    make = f'exec {shutil.which("make")} --no-print-directory -C "{ROOT}"'
    engine = f'{make} dynamodb ARGS="--port {engine_port}"'
    (folder / "make").write_text(f'#!/bin/sh\ntest "$*" = dynamodb && {engine}\n{make} "$@"\n')
    (folder / "make").chmod(0o755)


def _environment(folder: Path) -> dict[str, str]:
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(_FOREIGN)}
    for name in ("runtime", "data"):
        (folder / name).mkdir(mode=0o700)
    return {
        **inherited,
        "PATH": f"{folder / 'bin'}:{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
        "XDG_RUNTIME_DIR": str(folder / "runtime"),
        "XDG_DATA_HOME": str(folder / "data"),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # What the tests of the Rust client have built need not be built again.
        "CARGO_TARGET_DIR": str(ROOT / ".cache" / "clients" / "rust" / "target"),
    }
