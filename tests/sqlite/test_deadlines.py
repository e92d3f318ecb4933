"""Deadlines, callers who go away, and what they say about a write."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event as ThreadEvent

import pytest

from pannier_server.backends.contract import Call, Key, Write, Written
from pannier_server.backends.errors import DeadlineExceeded, RecordNotFound, WriteOutcome
from pannier_server.backends.sqlite import SqliteBackend
from pannier_server.testing.records import Records, new_write_id
from tests.sqlite.recording_vfs import Event, RecordingVfs
from tests.sqlite.stores import locked, opened_store

SOON = 0.02


async def put_soon(records: Records, name: str = "record") -> Written:
    """Put with a deadline that comes soon."""
    deadline = asyncio.get_running_loop().time() + SOON
    write = Write(b"data", None, new_write_id())
    return await records.backend.put(
        records.key(name), write, Call(now=records.now, deadline=deadline)
    )


async def test_a_write_that_waited_for_the_lock_until_its_deadline_is_not_applied(
    records: Records, path: Path
) -> None:
    with locked(path):
        with pytest.raises(DeadlineExceeded) as error:
            await put_soon(records)
        assert error.value.write_outcome is WriteOutcome.NOT_APPLIED
    await records.put("another")
    assert await records.names() == ["another"]


async def test_one_deadline_does_not_end_the_wait_of_others(records: Records, path: Path) -> None:
    with locked(path):
        patient = asyncio.create_task(records.put("patient"))
        with pytest.raises(DeadlineExceeded):
            await put_soon(records, "hasty")
        later = asyncio.create_task(records.put("later"))
        await asyncio.sleep(0)
    assert [(await patient).version, (await later).version] == [1, 1]
    assert await records.names() == ["later", "patient"]


async def test_a_write_whose_caller_left_before_it_started_is_dropped(
    records: Records, path: Path
) -> None:
    with locked(path):
        task = asyncio.create_task(records.put("dropped"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await records.put("another")
    assert await records.names() == ["another"]


async def test_reads_do_not_wait_for_another_process_that_writes(
    records: Records, path: Path
) -> None:
    await records.put()
    with locked(path):
        assert (await records.get()).version == 1
        assert await records.names() == ["record"]


class SlowDisk:
    """Holds up the first sync of the log until it is let go."""

    def __init__(self, vfs: RecordingVfs) -> None:
        self.loop = asyncio.get_running_loop()
        self.reached = asyncio.Event()
        self.let_go = ThreadEvent()
        vfs.fault = self.hold_up

    def hold_up(self, event: Event) -> None:
        if event.kind == "sync" and event.is_on_log() and not self.let_go.is_set():
            self.loop.call_soon_threadsafe(self.reached.set)
            self.let_go.wait()


@pytest.fixture
async def backend(vfs: RecordingVfs, path: Path) -> AsyncIterator[SqliteBackend]:
    async with opened_store(path) as backend:
        yield backend


async def test_the_outcome_of_a_write_that_was_on_its_way_to_disk_is_unknown(
    vfs: RecordingVfs, records: Records
) -> None:
    disk = SlowDisk(vfs)
    with pytest.raises(DeadlineExceeded) as error:
        await put_soon(records)
    disk.let_go.set()
    assert error.value.write_outcome is WriteOutcome.UNKNOWN
    assert (await records.put()).version == 2


async def test_a_write_whose_caller_left_after_it_started_is_finished(
    vfs: RecordingVfs, records: Records
) -> None:
    disk = SlowDisk(vfs)
    leaving = asyncio.create_task(records.put())
    await disk.reached.wait()
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    disk.let_go.set()
    assert (await records.put()).version == 2


async def test_a_write_that_queued_behind_a_slow_one_until_its_deadline_is_not_applied(
    vfs: RecordingVfs, records: Records
) -> None:
    disk = SlowDisk(vfs)
    slow = asyncio.create_task(records.put("slow"))
    await disk.reached.wait()
    with pytest.raises(DeadlineExceeded) as error:
        await put_soon(records, "queued")
    assert error.value.write_outcome is WriteOutcome.NOT_APPLIED
    disk.let_go.set()
    await slow
    await records.put("another")
    assert await records.names() == ["another", "slow"]


async def test_a_write_is_not_visible_before_it_is_on_disk(
    vfs: RecordingVfs, records: Records
) -> None:
    disk = SlowDisk(vfs)
    slow = asyncio.create_task(records.put())
    await disk.reached.wait()
    with pytest.raises(RecordNotFound):
        await records.get()
    disk.let_go.set()
    await slow
    assert (await records.get()).key == Key("owner", "record")


async def test_a_clean_up_that_runs_out_of_time_says_that_more_may_wait(
    records: Records, path: Path
) -> None:
    await records.put(expires_at=1)
    with locked(path):
        deadline = asyncio.get_running_loop().time() + SOON
        call = Call(now=records.now, deadline=deadline)
        cleaned = await records.backend.cleanup_expired(None, limit=10, call=call)
    assert (cleaned.removed, cleaned.more) == (0, True)
    assert (await records.cleanup()).removed == 1
