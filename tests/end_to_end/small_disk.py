"""A real file system so small that a test can fill it.

It is a tmpfs in a mount namespace of its own, held by a process that waits. Whoever runs
on it enters that namespace; others see its files through the holder's root in /proc.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_UNSHARE = ("unshare", "--user", "--map-root-user", "--mount")
_MOUNT = 'mount -t tmpfs -o "size=$1,mode=0700" none "$0" && echo mounted && exec cat'


@cache
def problem() -> str | None:
    """Return why this machine lets no one mount a small disk; None where it does."""
    missing = [tool for tool in ("unshare", "nsenter", "mount") if shutil.which(tool) is None]
    if missing:
        return f"{missing[0]} is not installed"
    mount = [*_UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"]
    tried = subprocess.run(mount, capture_output=True, text=True, check=False)
    return tried.stderr.strip() if tried.returncode else None


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A small file system.

    Attributes:
        inside: Its folder, for those who run in its namespace.
        within: The command that runs another one there.
        outside: The same folder for everyone else.
    """

    inside: Path
    within: Sequence[str]
    outside: Path

    def fill(self) -> None:
        """Take all the room that is left."""
        with (self.outside / "ballast").open("ab", buffering=0) as ballast:
            for size in (65_536, 4_096, 1):
                with suppress(OSError):
                    while True:
                        os.write(ballast.fileno(), bytes(size))

    def make_room(self) -> None:
        """Give back what `fill` took."""
        (self.outside / "ballast").unlink()

    def remount(self, option: str) -> None:
        """Make it read-only (``ro``), writable (``rw``) or of another size (``size=8m``)."""
        mount = ("mount", "-o", f"remount,{option}", str(self.inside))
        subprocess.run([*self.within, *mount], check=True)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[SmallDisk]:
    """Mount a file system of a size such as ``2m`` on a folder."""
    holder = subprocess.Popen(
        [*_UNSHARE, "sh", "-c", _MOUNT, folder, size],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == b"mounted\n"
        enter = ("nsenter", "--preserve-credentials", "--user", "--mount")
        yield SmallDisk(
            inside=folder,
            within=(*enter, f"--target={holder.pid}"),
            outside=Path(f"/proc/{holder.pid}/root{folder}"),
        )
    finally:
        holder.stdin.close()
        holder.wait()
        holder.stdout.close()
