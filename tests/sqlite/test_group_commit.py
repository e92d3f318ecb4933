"""Writes that wait at the same time share one commit, and fail alone."""

import asyncio
from pathlib import Path

import pytest

from pannier_server.backends.contract import Written
from pannier_server.backends.errors import RecordExists, VersionMismatch
from pannier_server.testing.records import Records
from tests.sqlite.recording_vfs import RecordingVfs
from tests.sqlite.stores import locked, opened_store

CALLERS = 64


async def test_concurrent_puts_share_a_few_syncs(vfs: RecordingVfs, path: Path) -> None:
    async with opened_store(path) as backend:
        records = Records(backend, "owner")
        await records.put()
        before = vfs.syncs_of_log()
        await records.fill(f"{number}" for number in range(CALLERS))
        assert 1 <= vfs.syncs_of_log() - before <= CALLERS // 8


async def test_what_waits_for_another_process_becomes_one_transaction(
    vfs: RecordingVfs, path: Path
) -> None:
    async with opened_store(path) as backend:
        records = Records(backend, "owner")
        await records.put()
        before = vfs.syncs_of_log()
        with locked(path):
            puts = [asyncio.create_task(records.put()) for _ in range(CALLERS)]
            await asyncio.sleep(0)
        versions = [(await put).version for put in puts]
        # The thread may have looked into the queue just before the last put came.
        assert vfs.syncs_of_log() - before <= 2
    assert sorted(versions) == list(range(2, CALLERS + 2))


async def test_a_refused_write_does_not_take_others_with_it(path: Path) -> None:
    async with opened_store(path) as backend:
        records = Records(backend, "owner")
        await records.put("stale")
        with locked(path):
            tasks: list[asyncio.Task[Written]] = []
            for number in range(8):
                tasks.append(asyncio.create_task(records.create("contended")))
                tasks.append(asyncio.create_task(records.put(f"{number}")))
                tasks.append(
                    asyncio.create_task(records.put_if_version("stale", expected_version=7))
                )
            await asyncio.sleep(0)
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        names = await records.names()
    kinds = [type(answer) for answer in answers]
    assert kinds.count(Written) == 1 + 8
    assert kinds.count(RecordExists) == 7
    assert kinds.count(VersionMismatch) == 8
    assert names == [*map(str, range(8)), "contended", "stale"]


async def test_a_batch_of_refusals_alone_writes_nothing(vfs: RecordingVfs, path: Path) -> None:
    async with opened_store(path) as backend:
        records = Records(backend, "owner")
        await records.put()
        before = vfs.syncs_of_log()
        with pytest.raises(RecordExists):
            await records.create()
        assert vfs.syncs_of_log() == before
