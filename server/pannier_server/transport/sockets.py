"""Unix sockets as files: taking over a stale one, its mode and group, its removal."""

import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pannier import claim_directory


class ListenError(Exception):
    """An address cannot be listened on; the message names it and the fix."""


@dataclass(frozen=True, slots=True)
class SocketAccess:
    """Who may connect to a Unix socket.

    Attributes:
        mode: The file's mode bits, such as 0o600.
        group: The file's group as a number; None for the process's own.
    """

    mode: int
    group: int | None


@contextmanager
def creating_unix_socket(path: Path, access: SocketAccess) -> Iterator[None]:
    """Make room for a socket file, and set its access once the body has made it.

    The file is never open to more users than it will be: it is born with mode 0600
    at most, by the process's umask.

    Raises:
        ListenError: The folder is missing or someone else's, the path is no socket,
            or a server is listening there.
    """
    _prepare_folder(path.parent)
    _remove_stale(path)
    umask = os.umask(0o777 & ~(access.mode & 0o600))
    try:
        yield
    finally:
        os.umask(umask)
    if access.group is not None:
        _set_group(path, access.group)
    path.chmod(access.mode)


def remove_unix_socket(path: Path, inode: int) -> None:
    """Remove a socket file, unless another server has replaced it since."""
    try:
        if path.stat().st_ino == inode:
            path.unlink()
    except FileNotFoundError:
        pass


def _prepare_folder(folder: Path) -> None:
    """Make a missing folder in an existing one; one in /tmp must be this user's alone."""
    try:
        if folder.parent == Path(tempfile.gettempdir()):
            claim_directory(folder)
        else:
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ListenError(
            f"cannot use the socket folder {folder}: {error.strerror or error}; "
            "create it, or choose another --listen unix:PATH"
        ) from None


def _remove_stale(path: Path) -> None:
    try:
        is_socket = stat.S_ISSOCK(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if not is_socket:
        raise ListenError(f"{path} exists and is no socket; choose another --listen unix:PATH")
    if _is_listening(path):
        raise ListenError(
            f"a server is listening on unix:{path} already; "
            "stop it, or choose another --listen unix:PATH"
        )
    path.unlink(missing_ok=True)


def _is_listening(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True
    return True


def _set_group(path: Path, group: int) -> None:
    try:
        os.chown(path, -1, group)
    except PermissionError:
        path.unlink(missing_ok=True)
        raise ListenError(
            f"cannot give unix:{path} to group {group}: this user is not a member of it; "
            "choose another --socket-group"
        ) from None
