"""Runs a program in an image's file system, as a container runtime would.

``python launcher.py JSON``, as root, with the fields of `Launch`. The program is process 1 of
its own namespaces, as a user without any capability; the root is read-only. Nothing of it
outlives this process, which passes SIGTERM on and ends with the program's exit code.
"""

import ctypes
import fcntl
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# From sched.h, sys/mount.h, sys/prctl.h and net/if.h of Linux.
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x8000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = (
    0x1, 0x2, 0x4, 0x20, 0x1000, 0x4000, 0x40000,
)  # fmt: skip
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
LAST_CAPABILITY = Path("/proc/sys/kernel/cap_last_cap")

DEVICES = ("null", "zero", "full", "random", "urandom")
SHELLS = ("bin/sh", "bin/bash")

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Launch:
    """What to run, and how.

    Attributes:
        root: The folder with the image's file system.
        command: The program and its arguments.
        environment: Its variables.
        user: The numbers of its user and groups, the first of which is its own.
        volumes: Folders of this machine, by the path at which they are mounted.
        own_network: Whether it has a loopback of its own, and nothing else.
    """

    root: str
    command: Sequence[str]
    environment: Mapping[str, str]
    user: tuple[int, Sequence[int]]
    volumes: Mapping[str, str]
    own_network: bool


def main(launch: Launch) -> int:
    """Run the program to its end; return its exit code."""
    network = CLONE_NEWNET if launch.own_network else 0
    _call("unshare", CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID | network)
    program = os.fork()
    if not program:
        _become(launch)
    signal.signal(signal.SIGTERM, lambda number, _: os.kill(program, number))
    return os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])


def _become(launch: Launch) -> None:
    if launch.own_network:
        _bring_loopback_up()
    _mount_root(Path(launch.root), launch.volumes)
    os.chroot(launch.root)
    os.chdir("/")
    _drop_rights(*launch.user)
    os.execvpe(launch.command[0], list(launch.command), dict(launch.environment))


def _mount_root(root: Path, volumes: Mapping[str, str]) -> None:
    _mount(None, "/", MS_REC | MS_PRIVATE)
    _mount(root, root, MS_BIND)
    for inside, outside in volumes.items():
        _mount(outside, f"{root}{inside}", MS_BIND)
    _mount("proc", root / "proc", MS_NOSUID | MS_NODEV, "proc")
    _mount("tmpfs", root / "dev", MS_NOSUID, "tmpfs")
    for device in DEVICES:
        (root / "dev" / device).touch()
        _mount(f"/dev/{device}", root / "dev" / device, MS_BIND)
    # Whatever asks for a shell fails: there need not be one.
    for shell in SHELLS:
        _mount("/dev/null", (root / shell).resolve(), MS_BIND)
    _mount(None, root / "dev", MS_REMOUNT | MS_BIND | MS_RDONLY)
    _mount(None, root, MS_REMOUNT | MS_BIND | MS_RDONLY)


def _mount(
    source: str | Path | None, target: str | Path, flags: int, kind: str | None = None
) -> None:
    texts = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    _call("mount", *texts, flags, None)


def _bring_loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


def _drop_rights(user: int, groups: Sequence[int]) -> None:
    for capability in range(int(LAST_CAPABILITY.read_text()) + 1):
        _call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.setgroups(groups[1:])
    os.setresgid(groups[0], groups[0], groups[0])
    os.setresuid(user, user, user)
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # After the change of user, which the kernel takes as a reason to forget it.
    _call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _call(name: str, *arguments: object) -> None:
    whole = [ctypes.c_ulong(value) if isinstance(value, int) else value for value in arguments]
    if getattr(_libc, name)(*whole) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}{arguments}: {os.strerror(number)}")


if __name__ == "__main__":
    sys.exit(main(Launch(**json.loads(sys.argv[1]))))
