"""Disks that are full or fail, files that are damaged or gone, and recovery from it."""
# ruff: noqa: ASYNC240 (nothing else runs in the loop)

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pannier_server.backends.contract import Written
from pannier_server.backends.errors import (
    AccessDenied,
    StoreMisconfigured,
    StoreUnavailable,
    WriteOutcome,
)
from pannier_server.backends.sqlite import SqliteBackend, session
from pannier_server.testing.records import Records
from tests.sqlite.recording_vfs import Event, Fault, RecordingVfs
from tests.sqlite.stores import connected, locked, opened_store

# A fault must never end a database thread.
pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture
async def backend(vfs: RecordingVfs, path: Path) -> AsyncIterator[SqliteBackend]:
    async with opened_store(path) as backend:
        yield backend


def fail(kind: str, code: int) -> Fault:
    """Fail what is done to the log in one way."""

    def fault(event: Event) -> int | None:
        return code if event.kind == kind and event.is_on_log() else None

    return fault


def no_fault(_event: Event) -> None:
    return None


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (fail("write", sqlite3.SQLITE_FULL), "database or disk is full"),
        (fail("write", sqlite3.SQLITE_IOERR_WRITE), "disk I/O error (SQLITE_IOERR_WRITE)"),
        (fail("sync", sqlite3.SQLITE_IOERR_FSYNC), "disk I/O error (SQLITE_IOERR_FSYNC)"),
        (fail("write", sqlite3.SQLITE_NOMEM), "out of memory"),
    ],
    ids=["disk full", "write fails", "sync fails", "no memory"],
)
async def test_a_commit_that_fails_has_an_unknown_outcome_and_the_store_recovers(
    vfs: RecordingVfs, records: Records, path: Path, fault: Fault, words: str
) -> None:
    await records.put()
    vfs.fault = fault
    for _ in range(3):
        with pytest.raises(StoreUnavailable) as error:
            await records.put("failing")
        assert error.value.write_outcome is WriteOutcome.UNKNOWN
        assert words in error.value.message
        assert str(path) in error.value.message
        assert (await records.get()).version == 1
    vfs.fault = no_fault
    assert (await records.put()).version == 2
    assert await records.names() == ["record"]


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_NOMEM])
async def test_a_store_on_a_disk_that_fails_can_be_closed(
    vfs: RecordingVfs, path: Path, code: int
) -> None:
    async with opened_store(path) as backend:
        records = Records(backend, "owner")
        await records.put()
        vfs.fault = fail("read", code)
        with pytest.raises(StoreUnavailable):
            await records.get()
    vfs.fault = no_fault
    async with opened_store(path) as backend:
        assert (await Records(backend, "owner").get()).version == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_IOERR_READ, "disk I/O error"),
        (sqlite3.SQLITE_NOMEM, "out of memory"),
    ],
)
async def test_reads_that_fail_say_why_and_the_store_recovers(
    vfs: RecordingVfs, records: Records, code: int, words: str
) -> None:
    await records.put()
    vfs.fault = fail("read", code)
    for attempt in (records.get(), records.names(), records.backend.check(records.call())):
        with pytest.raises(StoreUnavailable, match=words):
            await attempt
    vfs.fault = no_fault
    assert (await records.get()).version == 1
    assert await records.names() == ["record"]


async def test_a_store_that_is_full_before_the_commit_applied_nothing(
    vfs: RecordingVfs, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = session.SETTINGS
    monkeypatch.setattr(session, "SETTINGS", (*settings, "PRAGMA max_page_count = 20"))
    async with opened_store(path) as backend:
        records = Records(backend, "owner")
        await records.put("small")
        with pytest.raises(StoreUnavailable, match="free space") as error:
            await records.put("large", bytes(1_000_000))
        assert error.value.write_outcome is WriteOutcome.NOT_APPLIED
        await records.put("also small")
        assert await records.names() == ["also small", "small"]
        monkeypatch.setattr(session, "SETTINGS", settings)
        with pytest.raises(StoreUnavailable):
            await records.put("large", bytes(1_000_000))
        # A fault ends the connection; the next one has the new settings.
        assert (await records.put("large", bytes(1_000_000))).version == 1


async def test_a_refusal_that_rests_on_a_failed_commit_is_not_told(
    vfs: RecordingVfs, records: Records, path: Path
) -> None:
    await records.put("another")
    vfs.fault = fail("sync", sqlite3.SQLITE_IOERR_FSYNC)
    with locked(path):
        creates = [asyncio.create_task(records.create()) for _ in range(2)]
        await asyncio.sleep(0)
    answers = await asyncio.gather(*creates, return_exceptions=True)
    outcomes = {answer.write_outcome for answer in answers if isinstance(answer, StoreUnavailable)}
    assert len(outcomes) == len(answers)
    assert outcomes == {WriteOutcome.UNKNOWN, WriteOutcome.NOT_APPLIED}


async def test_a_file_that_cannot_be_written_is_read_and_writes_say_so(
    vfs: RecordingVfs, path: Path
) -> None:
    async with opened_store(path) as other:
        await Records(other, "owner").put()
        vfs.read_only = True
        async with opened_store(path) as backend:
            records = Records(backend, "owner")
            assert (await records.get()).version == 1
            with pytest.raises(AccessDenied, match=r"readonly database.*let this user") as error:
                await records.put()
            assert error.value.write_outcome is WriteOutcome.NOT_APPLIED
            vfs.read_only = False
            assert (await records.put()).version == 2


async def test_damaged_pages_are_reported_as_damage(path: Path) -> None:
    async with opened_store(path) as backend:
        await Records(backend, "owner").fill(f"{number:04}" for number in range(1_000))
    damage(path, first_page=2)
    async with opened_store(path) as backend:
        records = Records(backend, "owner")
        for attempt in (records.get("0500"), records.names(), records.put("0500")):
            with pytest.raises(StoreMisconfigured, match="file is damaged; restore a backup"):
                await attempt
        with pytest.raises(StoreMisconfigured):
            await backend.check(records.call())


async def test_a_damaged_header_is_reported_as_no_database(path: Path) -> None:
    async with opened_store(path) as backend:
        await Records(backend, "owner").put()
    damage(path, first_page=1)
    with pytest.raises(StoreMisconfigured, match=r"pannier\.db: file is not a database"):
        async with opened_store(path):
            pass


def damage(path: Path, *, first_page: int) -> None:
    """Overwrite a file from one of its pages on."""
    content = path.read_bytes()
    start = (first_page - 1) * 4096
    path.write_bytes(content[:start] + b"\xa5" * (len(content) - start))


async def test_a_file_that_was_moved_away_is_not_written_any_more(
    records: Records, backend: SqliteBackend, path: Path
) -> None:
    await records.put()
    path.rename(path.with_name("elsewhere.db"))
    for attempt in (records.put(), records.get(), records.names(), backend.check(records.call())):
        with pytest.raises(StoreUnavailable, match=r"pannier\.db: unable to open.*still there"):
            await attempt
    assert not path.exists()


async def test_a_file_that_was_put_back_is_used_again(records: Records, path: Path) -> None:
    await records.put()
    with connected(path) as connection:
        connection.execute(f"VACUUM INTO '{path}.backup'")
    path.unlink()
    with pytest.raises(StoreUnavailable):
        await records.put()
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    Path(f"{path}.backup").rename(path)
    assert await records.put() == Written(2, (await records.get()).etag)


async def test_a_table_that_someone_dropped_is_reported(records: Records, path: Path) -> None:
    with connected(path) as connection:
        connection.execute("DROP TABLE records")
    with pytest.raises(StoreMisconfigured, match="tables are not as Pannier made them"):
        await records.put()
