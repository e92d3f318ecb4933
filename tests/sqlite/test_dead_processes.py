"""What a process that died left in the log without a sync: whoever sees it can rely on it."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest

from pannier_server.backends.errors import RecordNotFound, StoreUnavailable
from pannier_server.backends.sqlite import location, session
from pannier_server.testing.records import Records
from tests.sqlite.disk import Disk, write_files
from tests.sqlite.recording_os import RecordingOs
from tests.sqlite.recording_vfs import Event, RecordingVfs
from tests.sqlite.stores import opened_store

Fault = Callable[[Event], int | None]


def dies(event: Event) -> None:
    """Let everything succeed: the process dies before the last sync."""


def fails(event: Event) -> int | None:
    """Fail syncs of the log. Linux then takes what was written for synced."""
    is_sync = event.kind == "sync" and event.is_on_log()
    return sqlite3.SQLITE_IOERR_FSYNC if is_sync else None


@pytest.mark.parametrize("fault", [dies, fails])
async def test_a_record_that_was_read_after_a_crash_outlives_a_power_cut(
    tmp_path: Path, fault: Fault
) -> None:
    disk = await disk_with_an_unsynced_record(tmp_path / "first", fault)
    assert await read_after_crash(disk, tmp_path / "second") == 1
    after = disk.lose_power(Random(0), odds=0)
    assert await read_after_crash(after, tmp_path / "third") == 1


@pytest.mark.parametrize("fault", [dies, fails])
async def test_without_care_at_the_opening_it_would_be_lost(
    tmp_path: Path, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above would see it."""
    monkeypatch.setattr(session.Session, "_settle", lambda _session, _connection: None)
    disk = await disk_with_an_unsynced_record(tmp_path / "first", fault)
    assert await read_after_crash(disk, tmp_path / "second") == 1
    after = disk.lose_power(Random(0), odds=0)
    with pytest.raises(RecordNotFound):
        await read_after_crash(after, tmp_path / "third")


async def disk_with_an_unsynced_record(folder: Path, fault: Fault) -> Disk:
    """Return the disk of a process that died with one commit written and not synced."""
    disk = Disk()
    write_files({}, folder)
    with RecordingVfs() as vfs, patch.object(location, "os", RecordingOs(vfs)):
        async with opened_store(folder / "pannier.db") as backend:
            records = Records(backend, "owner", now=1)
            await records.put("synced")
            vfs.fault = fault
            with suppress(StoreUnavailable):
                await records.put()
            vfs.fault = dies
            end = last_sync_of_log(vfs.events)
            disk.replay(vfs.events[: end + 1 if fault is fails else end])
    return disk


def last_sync_of_log(events: list[Event]) -> int:
    return max(n for n, event in enumerate(events) if "sync" in event.kind and event.is_on_log())


async def read_after_crash(disk: Disk, folder: Path) -> int:
    """Open what is left and return the version of the record; the disk sees it all."""
    write_files(disk.contents(), folder)
    with RecordingVfs() as vfs, patch.object(location, "os", RecordingOs(vfs)):
        async with opened_store(folder / "pannier.db") as backend:
            version = (await Records(backend, "owner", now=1).get()).version
            disk.replay(vfs.events)
    return version
