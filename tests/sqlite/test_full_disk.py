"""Disks without room at each kind of work on files, and files that may not be written.

`tests/end_to_end/test_full_disk.py` has the same with real disks and whole sidecars.
"""

import ctypes
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

import pytest

from pannier_server.backends.errors import (
    AccessDenied,
    StorageError,
    StoreUnavailable,
    WriteOutcome,
)
from pannier_server.backends.sqlite import SqliteBackend, session
from pannier_server.backends.sqlite.location import Location
from pannier_server.testing.records import Records
from tests.sqlite.recording_vfs import TEMPORARY, Event, Fault, RecordingVfs
from tests.sqlite.stores import opened_store

NOBODY = 65_534


def full(kind: str, suffix: str, code: int = sqlite3.SQLITE_FULL) -> Fault:
    """Leave no room for one kind of work on the files whose names end so."""

    def fault(event: Event) -> int | None:
        return code if event.kind == kind and event.path.endswith(suffix) else None

    return fault


def room(_event: Event) -> None:
    return None


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (full("write", ".db"), "free space on its file system"),
        (full("write", "-wal"), "free space on its file system"),
        (full("create", "-wal", sqlite3.SQLITE_CANTOPEN), "unable to open"),
        (full("create", "-journal", sqlite3.SQLITE_CANTOPEN), "unable to open"),
        (full("sync", "-wal", sqlite3.SQLITE_IOERR_FSYNC), "check the disk"),
    ],
    ids=["file", "log", "name of the log", "name of the journal", "sync of the log"],
)
async def test_a_store_that_could_not_be_made_can_be_once_there_is_room(
    vfs: RecordingVfs, path: Path, fault: Fault, words: str
) -> None:
    backend = SqliteBackend(Location(path))
    vfs.fault = fault
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match=words):
            await backend.open()
    vfs.fault = room
    await backend.open()
    assert (await Records(backend, "owner").put()).version == 1
    await backend.close()


async def test_writes_go_on_while_the_log_cannot_be_moved_into_the_file(
    vfs: RecordingVfs, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = (*session.SETTINGS, "PRAGMA wal_autocheckpoint = 1")
    monkeypatch.setattr(session, "SETTINGS", settings)
    log = path.with_name("pannier.db-wal")
    async with opened_store(path) as backend:
        records = Records(backend, "owner")
        vfs.fault = full("write", ".db")
        await records.fill(f"{number:03}" for number in range(100))
        for version in range(1, 20):
            assert (await records.put(data=bytes(10_000))).version == version
        assert log.stat().st_size > 100_000
    async with opened_store(path) as backend:
        records = Records(backend, "owner")
        assert len(await records.names()) == 101
        vfs.fault = room
        assert (await records.put()).version == 20
        assert (await records.put()).version == 21
        assert len(await records.names()) == 101
    assert not log.exists()


async def test_a_write_too_large_for_the_cache_that_finds_no_room_is_not_applied(
    vfs: RecordingVfs, path: Path
) -> None:
    """It goes to the log before the commit."""
    async with opened_store(path) as backend:
        records = Records(backend, "owner")
        await records.put()
        vfs.fault = full("write", "-wal")
        with pytest.raises(StoreUnavailable, match="free space") as error:
            await records.put(data=bytes(3_000_000))
        assert error.value.write_outcome is WriteOutcome.NOT_APPLIED
        vfs.fault = room
        assert (await records.put(data=bytes(3_000_000))).version == 2


async def test_no_work_needs_room_for_temporary_files(vfs: RecordingVfs, path: Path) -> None:
    async with opened_store(path) as backend:
        records = Records(backend, "owner")
        await records.put(data=bytes(backend.max_data_bytes))
        await records.fill((f"{number:04}" for number in range(600)), expires_at=records.now)
        await records.cleanup()
        await records.pages(descending=True)
        await records.delete()
    assert {event.path for event in vfs.events if event.path.endswith(TEMPORARY)} == set()


@pytest.mark.parametrize(("folder_mode", "file_mode"), [(0o700, 0o400), (0o500, 0o400)])
async def test_files_that_may_not_be_written_are_read_and_writable_again_without_a_restart(
    folder_mode: int, file_mode: int
) -> None:
    with unprivileged_folder() as folder:
        path = folder / "pannier.db"
        async with opened_store(path) as other:
            await Records(other, "owner").put()
            set_modes(folder, folder_mode, file_mode)
            async with opened_store(path) as backend:
                records = Records(backend, "owner")
                assert (await records.get()).version == 1
                for _ in range(2):
                    with pytest.raises(AccessDenied, match="let this user write the file") as error:
                        await records.put()
                    assert error.value.write_outcome is WriteOutcome.NOT_APPLIED
                set_modes(folder, 0o700, 0o600)
                assert (await records.put()).version == 2


async def test_a_folder_that_may_not_be_written_is_named_at_the_start() -> None:
    with unprivileged_folder() as folder:
        path = folder / "pannier.db"
        async with opened_store(path) as backend:
            await Records(backend, "owner").put()
        set_modes(folder, 0o500, 0o600)
        backend = SqliteBackend(Location(path))
        with pytest.raises(StorageError, match="let this user write the file, its -wal"):
            await backend.open()
        set_modes(folder, 0o700, 0o600)
        await backend.open()
        assert (await Records(backend, "owner").put()).version == 2
        await backend.close()


@contextmanager
def unprivileged_folder() -> Iterator[Path]:
    """Make a folder as a user whom permissions bind: root, whom none do, becomes nobody.

    It does so for this thread's work on files, and that of the threads which it starts.
    """
    is_root = os.geteuid() == 0
    if is_root:
        ctypes.CDLL(None).setfsuid(NOBODY)
    folder = Path(tempfile.mkdtemp(prefix="pannier-"))
    try:
        yield folder
    finally:
        folder.chmod(0o700)
        rmtree(folder)
        if is_root:
            ctypes.CDLL(None).setfsuid(0)


def set_modes(folder: Path, folder_mode: int, file_mode: int) -> None:
    for file in folder.iterdir():
        file.chmod(file_mode)
    folder.chmod(folder_mode)
