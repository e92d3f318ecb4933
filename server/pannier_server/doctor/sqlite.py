"""The store in a SQLite file: its folder, its disk, and the file itself.

The file is only read. A connection is opened by another process than the sidecar's, which
is fine: any number may share the file.
"""

import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from pannier_server.backends.errors import StorageError, WriteOutcome
from pannier_server.backends.sqlite import schema
from pannier_server.backends.sqlite.faults import DATABASE_FAULTS, explain
from pannier_server.backends.sqlite.location import Location, from_store_url
from pannier_server.backends.store_url import StoreUrl
from pannier_server.config.options import flag_name
from pannier_server.doctor.check import (
    Area,
    Check,
    Outcome,
    failed,
    failed_as,
    in_thread,
    ok,
    skipped,
    warning,
)
from pannier_server.doctor.file_systems import MOUNTS, file_system_of
from pannier_server.units import format_size

_ELSEWHERE = f"name another file with {flag_name('store')} sqlite:///path/file.db"

# The least that is left for the log of writes (16 MiB, and one more while it is moved).
_LEAST_FREE = 32 * 1024 * 1024
_LITTLE_FREE = 512 * 1024 * 1024

_INTEGRITY_LIMIT = 120.0

# Locks and shared memory, which SQLite's log needs, do not hold across machines.
_NETWORK = {"9p", "afs", "ceph", "cifs", "fuse.sshfs", "lustre", "nfs", "nfs4", "smb3", "smbfs"}
_IN_MEMORY = {"ramfs", "tmpfs"}


def area(url: StoreUrl) -> Area:
    """Return the checks of the file that a store URL names."""
    store = _Store(from_store_url(url))
    of_store, of_file = ("settings.store",), ("sqlite.file",)
    return Area(
        "Store in SQLite",
        [
            Check("sqlite.folder", "folder", in_thread(store.folder), needs=of_store),
            Check(
                "sqlite.file_system",
                "file system",
                in_thread(store.file_system),
                needs=("settings.store",),
            ),
            Check("sqlite.space", "free space", in_thread(store.space), needs=of_store),
            Check("sqlite.file", "file", in_thread(store.file), needs=("sqlite.folder",)),
            Check("sqlite.schema", "layout", in_thread(store.layout), needs=of_file),
            Check("sqlite.journal", "journal", in_thread(store.journal), needs=("sqlite.schema",)),
            Check(
                "sqlite.integrity",
                "integrity",
                in_thread(store.integrity),
                needs=("sqlite.schema",),
                limit=_INTEGRITY_LIMIT,
                when_slow="the file is large: run PRAGMA quick_check with sqlite3 on a copy of it",
            ),
            Check("sqlite.sharing", "sharing", in_thread(store.sharing), needs=of_file),
        ],
    )


class _Store:
    """One file, and what is known of it."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self._path = location.path
        self._folder = location.path.parent

    def folder(self) -> Outcome:
        folder = self._folder
        facts = {"path": str(folder)}
        if not folder.is_dir():
            if self._location.makes_folder:
                return ok(f"{folder} is not there yet; the sidecar will make it", **facts)
            return failed(
                f"{folder} does not exist", f"mkdir -p {folder}, or {_ELSEWHERE}", **facts
            )
        if not os.access(folder, os.W_OK | os.X_OK):
            return failed(
                f"this user may not write to {folder}, where SQLite keeps its log too",
                f"let the sidecar's user write to it (chown, chmod), or {_ELSEWHERE}",
                **facts,
            )
        return ok(f"{folder} can be written", **facts)

    def file_system(self) -> Outcome:
        place = _existing(self._path)
        found = None
        if MOUNTS.exists():
            found = file_system_of(place.resolve(), MOUNTS.read_text())
        if found is None:
            return skipped("this system does not tell")
        kind, point = found
        facts = {"type": kind, "mount_point": point}
        if kind in _NETWORK:
            return warning(
                f"{kind} at {point} is a network's: SQLite's locks do not hold there",
                f"keep the file on a local disk; {_ELSEWHERE}",
                **facts,
            )
        if kind in _IN_MEMORY:
            return warning(
                f"{kind} at {point} is in memory: all records are gone at a restart",
                f"keep the file on a disk; {_ELSEWHERE}",
                **facts,
            )
        if kind == "overlay":
            return warning(
                f"{kind} at {point} is a container's own layer: records go with the container",
                f"mount a volume there; {_ELSEWHERE}",
                **facts,
            )
        return ok(f"{kind} at {point}", **facts)

    def space(self) -> Outcome:
        place = _existing(self._path)
        usage = shutil.disk_usage(place)
        facts = {"free_bytes": usage.free, "total_bytes": usage.total}
        free = f"{format_size(usage.free)} of {format_size(usage.total)} are free"
        make_room = f"make room on the file system of {place}"
        if usage.free < _LEAST_FREE:
            return failed(f"{free}, too little for the log of writes", make_room, **facts)
        if usage.free < _LITTLE_FREE:
            return warning(free, make_room, **facts)
        return ok(free, **facts)

    def file(self) -> Outcome:
        path = self._path
        facts: dict[str, object] = {"path": str(path)}
        if not path.exists():
            return skipped(f"{path} is not there yet; the sidecar will make it", **facts)
        if path.is_dir():
            return failed(f"{path} is a folder", "name a file in it", **facts)
        found = path.stat()
        mode = stat.S_IMODE(found.st_mode)
        facts |= {"bytes": found.st_size, "mode": f"{mode:04o}"}
        if not os.access(path, os.R_OK | os.W_OK):
            return failed(
                f"this user may not read and write {path} (mode {mode:04o})",
                "let the sidecar's user read and write it (chown, chmod)",
                **facts,
            )
        if mode & stat.S_IRWXO:
            return warning(
                f"every user may open {path} (mode {mode:04o}) and so read the records",
                f"chmod o-rwx {path}",
                **facts,
            )
        return ok(f"{path}, {format_size(found.st_size)}", **facts)

    def layout(self) -> Outcome:
        if not self._path.stat().st_size:
            return skipped("the file is empty; the sidecar will make its table")
        try:
            with self._connected() as connection:
                schema.verify(connection, str(self._path))
        except StorageError as error:
            return failed_as(error.message, _ELSEWHERE)
        return ok(f"layout {schema.VERSION}", layout=schema.VERSION)

    def journal(self) -> Outcome:
        with self._connected() as connection:
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        if mode != "wal":
            return warning(
                f"the file's journal is {mode}, not WAL; the sidecar changes it when it starts",
                "see that no other program sets it back",
                mode=mode,
            )
        return ok("WAL", mode=mode)

    def integrity(self) -> Outcome:
        try:
            with self._connected() as connection:
                found = [text for (text,) in connection.execute("PRAGMA quick_check(5)")]
        except StorageError as error:
            return failed_as(error.message, _ELSEWHERE)
        if found != ["ok"]:
            # Its lines name pages and indexes, never content.
            return failed(
                f"quick_check finds the file damaged: {found[0]}",
                "restore a backup, or save what is left with sqlite3's .recover",
                problems=found,
            )
        return ok("quick_check finds nothing")

    def sharing(self) -> Outcome:
        if not sys.platform.startswith("linux"):
            return skipped("this system does not tell")
        pids = _processes_with(self._path)
        if not pids:
            return ok("no other process of this user has it open", pids=pids)
        shown = ", ".join(map(str, pids))
        return ok(f"also open in process {shown}, which is fine: many may share it", pids=pids)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """Connect for reading; what SQLite raises comes as the backend's own errors.

        Raises:
            StorageError: It says what to do.
        """
        try:
            connection = sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=2)
            with closing(connection):
                connection.execute("PRAGMA query_only = ON")
                yield connection
        except DATABASE_FAULTS as error:
            raise explain(error, self._path, WriteOutcome.NOT_APPLIED) from None


def _existing(path: Path) -> Path:
    """Return the path, or the nearest folder above it that is there."""
    return next(each for each in (path, *path.parents) if each.exists())


def _processes_with(path: Path) -> list[int]:
    """Return the other processes that have a file open, of those that this user may look at."""
    wanted = path.stat()
    identity = wanted.st_dev, wanted.st_ino
    own = str(os.getpid())
    others = (each for each in Path("/proc").iterdir() if each.name.isdigit() and each.name != own)
    return sorted(int(each.name) for each in others if _has_open(each / "fd", identity))


def _has_open(descriptors: Path, identity: tuple[int, int]) -> bool:
    """Tell whether a process has a file open; one that is gone, or another user's, has not."""
    try:
        for descriptor in descriptors.iterdir():
            with suppress(FileNotFoundError):
                there = descriptor.stat()
                if (there.st_dev, there.st_ino) == identity:
                    return True
    except OSError:
        pass
    return False
