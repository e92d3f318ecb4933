"""Where the sidecar is: what an address means, and the one used when none is given."""

import os
import stat
import tempfile
from pathlib import Path
from urllib.parse import quote

ADDRESS_VARIABLE = "PANNIER_ADDRESS"
"""The environment variable that names the sidecar's address."""

_MAX_SOCKET_PATH_BYTES = 107  # sun_path of unix(7), less its final zero byte
_FORMS = 'use "unix:/path/to/socket" or "host:port"'


def default_socket_path() -> Path:
    """Return the socket that sidecar and clients use when nothing else is said.

    It is ``$XDG_RUNTIME_DIR/pannier/pannier.sock``, or ``pannier-<uid>/pannier.sock`` in
    the directory for temporary files where that variable is unset, empty or relative
    (the XDG Base Directory Specification wants relative paths ignored).
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if Path(runtime).is_absolute():
        return Path(runtime, "pannier", "pannier.sock")
    return temporary_directory() / f"pannier-{os.getuid()}" / "pannier.sock"


def temporary_directory() -> Path:
    """Return the directory for temporary files; the usual one where none can be written.

    A container whose file system is read-only has none, and may not need one.
    """
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError:
        return Path("/tmp")  # noqa: S108 (its name; nothing is put there)


def claim_directory(directory: Path) -> None:
    """Make sure that a socket's directory is this user's alone; create it if absent.

    In a directory where everyone may write, someone else could have made it first and
    put a socket of their own there. Once it is ours, the sticky bit keeps it ours.

    Raises:
        PermissionError: It belongs to someone else, others may write to it, or it is
            no directory (a symbolic link, say).
        OSError: It cannot be created.
    """
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{directory} is not a directory of this user; {_way_out()}")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"{directory} can be written by other users; {_way_out()}")


def resolve_address(address: str | None) -> str:
    """Return the address to connect to: the given one, the environment's or the default.

    Raises:
        PermissionError: The default socket's directory is not safe to use.
    """
    address = address or os.environ.get(ADDRESS_VARIABLE)
    if address:
        return address
    path = default_socket_path()
    if path.parent.parent == temporary_directory():
        claim_directory(path.parent)
    return f"unix:{path}"


def grpc_target(address: str) -> str:
    """Return gRPC's name for an address, as a URI of its name resolution.

    A relative socket path is taken from the working directory of now: the channel
    connects again later, when that may have changed.

    Raises:
        ValueError: It is neither ``unix:PATH`` nor ``HOST:PORT``.
    """
    if address.startswith("unix:"):
        return f"unix:{quote(_socket_path(address))}"
    host, _, port = address.rpartition(":")
    if not host or "/" in address or (":" in host and not _in_brackets(host)):
        raise ValueError(f"{address!r} is no address of a sidecar; {_FORMS}")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise ValueError(f"{address!r} has no port from 1 to 65535; {_FORMS}")
    return f"dns:///{address}"


def _socket_path(address: str) -> str:
    path = address.removeprefix("unix:")
    if path.startswith("//") and not path.startswith("///"):
        raise ValueError(f"{address!r} has two slashes; use one or three: unix:/path")
    if not path:
        raise ValueError(f"{address!r} has no path; {_FORMS}")
    path = os.path.abspath(path)  # noqa: PTH100 - Path.absolute keeps ".." and "//"
    path = "/" + path.lstrip("/")
    if len(os.fsencode(path)) > _MAX_SOCKET_PATH_BYTES:
        raise ValueError(f"the path of {address!r} is too long: a socket's has at most 107 bytes")
    return path


def _in_brackets(host: str) -> bool:
    return host.startswith("[") and host.endswith("]")


def _way_out() -> str:
    return f"set {ADDRESS_VARIABLE}, or XDG_RUNTIME_DIR to a directory of your own"
