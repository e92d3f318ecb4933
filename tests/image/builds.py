"""Building the image with buildah, in a storage of its own inside the checkout."""

import ast
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.engines.cache import CHECKOUT, installed
from tests.engines.dynamodb_local import tools_are_required

CACHE = CHECKOUT / ".cache" / "image"
BASE = "python:3.13-slim"
"""What the Dockerfile names, and the stand-in is called."""

NAME = "pannier"

_BASE_SCRIPT = Path(__file__).with_name("base_image.sh")
_TOOLS = ("buildah", "debootstrap", "nsenter")

# What decides where pip takes packages from, and whom it trusts there.
_PIP_SETTINGS = {"index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "cert"}


@dataclass(frozen=True)
class Image:
    """A built image.

    Attributes:
        root: Its file system, mounted; nothing may be written there.
        config: Its configuration, in the format of Docker's images.
        seconds: How long the build took.
    """

    root: Path
    config: Mapping[str, Any]
    seconds: float

    @property
    def environment(self) -> dict[str, str]:
        return dict(variable.split("=", 1) for variable in self.config["Env"])

    @property
    def user(self) -> tuple[int, int]:
        user, group = self.config["User"].split(":")
        return int(user), int(group)

    @property
    def command(self) -> list[str]:
        return [*self.config["Entrypoint"], *self.config["Cmd"]]

    @property
    def health_command(self) -> list[str]:
        command: list[str]
        kind, *command = self.config["Healthcheck"]["Test"]
        assert kind == "CMD", "a shell is needed for the health check"
        return command


def require_tools() -> None:
    """Skip the test where the image cannot be built and run; in CI, fail it."""
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    reason = ""
    if missing:
        reason = f"install {' and '.join(missing)} (Debian and Ubuntu: apt install)"
    elif os.getuid() != 0:
        reason = "run the tests as root, who may mount the image's file system"
    if reason and tools_are_required():
        pytest.fail(f"the image cannot be built here: {reason}", pytrace=False)
    if reason:
        pytest.skip(f"the image cannot be built here: {reason}")


@contextmanager
def built_image() -> Iterator[Image]:
    """Build the image of this checkout, and mount it while the block lasts."""
    folder = _base()
    environment = _environment(folder)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as settings:
            volumes = [f"--volume={volume}:ro" for volume in _pip_volumes(Path(settings))]
            _run("tools/build_image.sh", "--pull-never", *volumes, environment=environment)
        seconds = time.monotonic() - started
        container = _run("buildah", "from", "--pull-never", NAME, environment=environment)
        try:
            root = Path(_run("buildah", "mount", container, environment=environment))
            described = _run("buildah", "inspect", "--type=image", NAME, environment=environment)
            yield Image(root, json.loads(described)["Docker"]["config"], seconds)
        finally:
            _run("buildah", "rm", container, environment=environment)
            # The storage keeps the base for the next time, and nothing else.
            built = _run("buildah", "images", "--quiet", NAME, environment=environment)
            _run("buildah", "rmi", "--force", *set(built.split()), environment=environment)


def _base() -> Path:
    """Return the folder of a storage with the base image, made where it is missing."""
    script = hashlib.sha256(_BASE_SCRIPT.read_bytes()).hexdigest()[:12]
    return installed(f"base-{script}", _make_base, CACHE)


def _make_base(folder: Path) -> None:
    # Plain folders: nothing stays mounted that a `make clean` could run into.
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{folder}/storage"\nrunroot = "{folder}/run"\n'
    )
    _run(str(_BASE_SCRIPT), BASE, environment=_environment(folder))


def _environment(folder: Path) -> Mapping[str, str]:
    return {
        **os.environ,
        "BUILDER": "buildah",
        "BUILDAH_ISOLATION": "chroot",
        "CONTAINERS_STORAGE_CONF": f"{folder}/storage.conf",
        "IMAGE": NAME,
    }


def _pip_volumes(folder: Path) -> Iterator[str]:
    """Yield what has to be mounted so that pip finds packages as it does on this machine."""
    listing = [sys.executable, "-m", "pip", "config", "list"]
    printed = subprocess.run(listing, capture_output=True, text=True, check=True).stdout
    found = dict(re.findall(r"^\S*?\.([a-z-]+)=(.*)$", printed, re.MULTILINE))
    settings = {name: ast.literal_eval(found[name]) for name in _PIP_SETTINGS & found.keys()}
    config = folder / "pip.conf"
    lines = (f"{name} = {value}\n".replace("\n", "\n ") for name, value in settings.items())
    config.write_text("[global]\n" + "\n".join(line.rstrip() for line in lines) + "\n")
    yield f"{config}:/etc/pip.conf"
    if "cert" in settings:
        yield f"{settings['cert']}:{settings['cert']}"


def _run(*command: str, environment: Mapping[str, str]) -> str:
    result = subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        said = "\n".join(f"{result.stdout}\n{result.stderr}".strip().splitlines()[-40:])
        pytest.fail(f"{' '.join(command)} ended with {result.returncode}:\n{said}", pytrace=False)
    return result.stdout.strip()
