"""Unix sockets as files: taking over a stale one, its mode and group, its removal."""

import grp
import os
import pwd
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pannier.addresses import claim_directory, temporary_directory
from pannier_server.config import Settings
from pannier_server.config.values import UNKNOWN_USER


class ListenError(Exception):
    """An address cannot be listened on; the message names it and the fix."""


@dataclass(frozen=True, slots=True)
class SocketAccess:
    """Who may connect to a Unix socket.

    Attributes:
        mode: The file's mode bits, such as 0o600.
        group: The file's group as a number; None for the process's own.
        users: The numbers of the users who may, of those whom the file lets in; None for all.
    """

    mode: int
    group: int | None
    users: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class SocketFile:
    """Which file a socket has; a path can come to stand for another one.

    Attributes:
        device: The file system that it is on.
        inode: Its number there, which a later file may get again.
        made_ns: When it was made, in nanoseconds, by which the two differ.
    """

    device: int
    inode: int
    made_ns: int


def socket_access(settings: Settings) -> SocketAccess:
    """Return who may connect to the Unix sockets of a sidecar.

    Raises:
        SettingsError: There is no such group or user.
    """
    group = settings.socket_group
    if isinstance(group, str):
        try:
            group = grp.getgrnam(group).gr_gid
        except KeyError:
            raise settings.error("socket_group", f"there is no group {group!r}") from None
    users = frozenset(_user_number(settings, user) for user in settings.socket_user)
    return SocketAccess(settings.socket_mode, group, users or None)


def _user_number(settings: Settings, user: str | int) -> int:
    if isinstance(user, str):
        try:
            user = pwd.getpwnam(user).pw_uid
        except KeyError:
            raise settings.error("socket_user", f"there is no user {user!r}") from None
    if user == UNKNOWN_USER:
        raise settings.error(
            "socket_user",
            f"{user} stands for every user that a container does not know; run the client as a "
            "user of its own",
        )
    return user


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
    try:
        _remove_stale(path)
    except OSError as error:
        raise ListenError(
            f"cannot take over {path}: {error.strerror}; remove it, or choose another "
            "--listen unix:PATH"
        ) from None
    umask = os.umask(0o777 & ~(access.mode & 0o600))
    try:
        yield
    finally:
        os.umask(umask)
    if access.group is not None:
        _set_group(path, access.group)
    path.chmod(access.mode)


def socket_file(path: Path) -> SocketFile:
    """Return which file is there.

    Raises:
        FileNotFoundError: None is.
    """
    found = path.lstat()
    # Nothing writes to a socket's file, so it stays as old as it was made.
    return SocketFile(found.st_dev, found.st_ino, found.st_mtime_ns)


def remove_unix_socket(path: Path, file: SocketFile) -> None:
    """Remove a socket's file, unless another server has replaced it since."""
    with suppress(FileNotFoundError):
        if socket_file(path) == file:
            path.unlink()


def _prepare_folder(folder: Path) -> None:
    """Make a missing folder in an existing one; one in /tmp must be this user's alone."""
    try:
        if folder.parent == temporary_directory():
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
