"""Containers of the image, on a file system that nobody can write to."""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.engines.process import ServerProcess
from tests.image.builds import Image
from tests.image.launcher import Launch

LAUNCHER = Path(__file__).with_name("launcher.py")
SECONDS = 60


@contextmanager
def volumes_of(image: Image) -> Iterator[dict[str, str]]:
    """Make an empty folder for each volume, with the owner and mode that it has in the image.

    So does Docker with a new volume.
    """
    # A socket's path may have 107 bytes, and those of pytest's folders are long.
    folder = Path(tempfile.mkdtemp(prefix="pannier-"))
    folder.chmod(0o755)
    volumes = {}
    for number, inside in enumerate(sorted(image.config["Volumes"])):
        found = (image.root / inside.lstrip("/")).stat()
        outside = folder / str(number)
        outside.mkdir()
        os.chown(outside, found.st_uid, found.st_gid)
        outside.chmod(stat.S_IMODE(found.st_mode))
        volumes[inside] = str(outside)
    try:
        yield volumes
    finally:
        shutil.rmtree(folder)


@dataclass(frozen=True)
class Container:
    """A running container.

    Attributes:
        launch: What it was started with.
        process: The process that started it, and keeps what it prints.
    """

    launch: Launch
    process: ServerProcess

    @property
    def socket(self) -> str:
        """The sidecar's address for a client on this machine."""
        return f"unix:{self.launch.volumes['/run/pannier']}/pannier.sock"

    def execute(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run another program in the container, as its user, with variables on top of its own."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        (program,) = children.read_text().split()
        user, groups = self.launch.user
        inside = ["--mount", "--pid", "--net", "--ipc", "--root", "--wd"]
        return subprocess.run(
            ["nsenter", f"--target={program}", *inside, f"--setuid={user}",
             f"--setgid={groups[0]}", "--", *command],
            env={**self.launch.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )  # fmt: skip

    def wait_until_it_says(self, text: str) -> None:
        """Wait for something in what it prints."""
        while text not in self.process.log_tail():
            ended = self.process.wait(0.05)
            assert ended is None, f"it ended with {ended}: {self.process.log_tail()}"


def launch_of(
    image: Image,
    volumes: Mapping[str, str],
    *,
    command: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    user: tuple[int, Sequence[int]] | None = None,
    own_network: bool = True,
) -> Launch:
    """Return how to run the image as it says itself, but for what is given."""
    own_user, own_group = image.user
    return Launch(
        root=str(image.root),
        command=list(command or image.command),
        environment={**image.environment, **(environment or {})},
        user=user or (own_user, [own_group]),
        volumes=dict(volumes),
        own_network=own_network,
    )


@contextmanager
def running(launch: Launch) -> Iterator[Container]:
    """Run a container while the block lasts."""
    process = ServerProcess([sys.executable, LAUNCHER, json.dumps(asdict(launch))])
    try:
        yield Container(launch, process)
    finally:
        process.stop()


def output_of(launch: Launch) -> str:
    """Run a container to its end, and return what it printed; it must end with 0."""
    result = subprocess.run(
        [sys.executable, LAUNCHER, json.dumps(asdict(launch))],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout
