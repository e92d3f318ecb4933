"""Where the database file is, and making it where it is missing."""

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pannier_server.backends.errors import StoreMisconfigured, StoreUnavailable
from pannier_server.backends.store_url import StoreUrl, StoreUrlError


@dataclass(frozen=True, slots=True)
class Location:
    """A database file.

    Attributes:
        path: Its absolute path.
        makes_folder: Whether its folder is ours to make (mode 0700) where it is
            missing. A folder that someone named is not: it may be a mistake, or a
            volume that is not mounted yet.
    """

    path: Path
    makes_folder: bool = False

    def make_file(self) -> None:
        """Make an empty file, with mode 0600, unless there is one.

        Raises:
            StoreMisconfigured: There is no folder for it, or it may not be written.
        """
        folder = self.path.parent
        try:
            if self.makes_folder:
                _make_folder(folder)
            # Only a file that this call makes is ever opened here: closing another
            # descriptor of a file drops the locks that SQLite holds on it.
            with suppress(FileExistsError):
                os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileNotFoundError:
            raise StoreMisconfigured(
                f"{self.path}: the folder {folder} does not exist; "
                "make it (mkdir -p) or name another file in --store sqlite:///path/file.db"
            ) from None
        except OSError as error:
            raise StoreMisconfigured(
                f"{self.path}: cannot be made ({error.strerror}); let this user write to "
                f"{folder} or name another file in --store sqlite:///path/file.db"
            ) from None
        if self.path.is_dir():
            raise StoreMisconfigured(f"{self.path}: is a folder; name a file in it")

    def sync(self) -> None:
        """Bring the names of the file and its log to the disk, and the log's content.

        Raises:
            StoreUnavailable: The disk fails.
        """
        log = self.path.with_name(f"{self.path.name}-wal")
        try:
            _sync_folder(self.path.parent)
            # SQLite holds no locks on the log that closing another descriptor would drop.
            with suppress(FileNotFoundError):
                _sync(log)
        except OSError as error:
            raise StoreUnavailable(
                f"{log}: cannot be synced ({error.strerror}); check the disk and its file system"
            ) from None


def from_store_url(url: StoreUrl) -> Location:
    """Return the file that a store URL names; without a path, the user's default one.

    Raises:
        StoreUrlError: It names a host, a folder, or a name that SQLite treats specially.
    """
    if url.host:
        raise StoreUrlError(
            f"{url.text}: write sqlite:///path/file.db, with three slashes: what follows two is "
            "taken for a host"
        )
    if url.path.startswith(":"):
        raise StoreUrlError(f"{url.text}: no file is called {url.path!r}; write memory: instead")
    if url.path.endswith("/") or "\0" in url.path:
        raise StoreUrlError(f"{url.text}: names no file; write sqlite:///path/file.db")
    if not url.path:
        return default_location()
    return Location(Path(url.path).absolute())


def default_location() -> Location:
    """Return the file in the user's data directory (``$XDG_DATA_HOME`` on Linux)."""
    from platformdirs import user_data_path

    return Location(user_data_path("pannier") / "pannier.db", makes_folder=True)


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, private, and bring their names to the disk."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for made in missing:
        _sync_folder(made.parent)


def _sync_folder(folder: Path) -> None:
    # Some file systems cannot sync a folder; they keep its names by other means.
    with suppress(OSError):
        _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if sys.platform == "darwin":
            import fcntl

            # There fsync leaves data in the drive's cache.
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        else:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
