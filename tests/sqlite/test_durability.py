"""A write is on disk before it is answered: seen between SQLite and its files."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from pannier_server.backends.sqlite import session
from pannier_server.testing.records import Records
from tests.sqlite.disk import Disk, write_files
from tests.sqlite.recording_vfs import Event, RecordingVfs
from tests.sqlite.stores import opened_store

ANSWER = "answer of "
FRAME_HEADER_BYTES = 24
CALLERS = 64

WRITES: dict[str, Callable[[Records], Awaitable[object]]] = {
    "put": lambda records: records.put(),
    "put of large data": lambda records: records.put(data=bytes(1_000_000)),
    "put_if_version": lambda records: records.put_if_version(expected_version=1),
    "create": lambda records: records.create("new"),
    "delete": lambda records: records.delete(),
    "cleanup_expired": lambda records: records.cleanup(),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
async def test_the_log_is_synced_between_a_write_and_its_answer(
    vfs: RecordingVfs, path: Path, write: Callable[[Records], Awaitable[object]]
) -> None:
    async with opened_store(path) as backend:
        records = Records(backend, "owner")
        await records.put()
        await records.put("expired", expires_at=1)
        vfs.events.clear()
        await write(records)
        on_log = [event.kind for event in vfs.events if event.is_on_log()]
    assert "write" in on_log
    assert on_log[-1] == "sync"


async def test_each_of_many_concurrent_puts_is_synced_before_its_answer(
    vfs: RecordingVfs, path: Path
) -> None:
    await put_from_many_callers(vfs, path)
    assert len(answered(vfs.events)) == CALLERS
    assert unsynced_answers(vfs.events) == []


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
async def test_without_full_synchronous_answers_come_before_the_sync(
    vfs: RecordingVfs, path: Path, monkeypatch: pytest.MonkeyPatch, synchronous: str
) -> None:
    """The test above would see it."""
    monkeypatch.setattr(session, "SYNCHRONOUS", synchronous)
    await put_from_many_callers(vfs, path)
    assert len(unsynced_answers(vfs.events)) == CALLERS


async def test_what_was_answered_survives_a_power_loss_at_any_time(
    vfs: RecordingVfs, path: Path, tmp_path: Path
) -> None:
    await put_from_many_callers(vfs, path)
    for cut in range(1, CALLERS + 1, 7):
        assert await lost_after(cut, path, vfs.events, tmp_path / f"{cut}") == set()


async def test_without_full_synchronous_a_power_loss_loses_answered_writes(
    vfs: RecordingVfs, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above would see it."""
    monkeypatch.setattr(session, "SYNCHRONOUS", "NORMAL")
    await put_from_many_callers(vfs, path)
    assert await lost_after(CALLERS, path, vfs.events, tmp_path / "lost") != set()


async def put_from_many_callers(vfs: RecordingVfs, path: Path) -> None:
    """Put a record from each caller at once, marking each answer among the events."""
    async with opened_store(path) as backend:
        records = Records(backend, "owner")

        async def put(name: str) -> None:
            await records.put(name, content_of(name))
            vfs.mark(ANSWER + name)

        await asyncio.gather(*(put(f"{number:04}") for number in range(CALLERS)))
        # What closing does to the files came too late for any answer.
        events = list(vfs.events)
    vfs.events = events


def content_of(name: str) -> bytes:
    return b"content of %s." % name.encode()


def answered(events: list[Event]) -> list[str]:
    kinds = [event.kind for event in events]
    return [kind.removeprefix(ANSWER) for kind in kinds if kind.startswith(ANSWER)]


def unsynced_answers(events: list[Event]) -> list[str]:
    """Return whose commit was not synced between its last write and the answer."""
    return [name for name in answered(events) if not is_synced_before_answer(events, name)]


def is_synced_before_answer(events: list[Event], name: str) -> bool:
    answer = next(i for i, event in enumerate(events) if event.kind == ANSWER + name)
    on_log = [event for event in events[:answer] if event.is_on_log()]
    written = next(i for i, event in enumerate(on_log) if content_of(name) in event.content)
    # The commit of a transaction is its last page, in a frame that says so.
    frames = enumerate(pairwise(on_log), start=1)
    commit = next(i for i, (header, _) in frames if i >= written and ends_transaction(header))
    return any(event.kind == "sync" for event in on_log[commit:])


def ends_transaction(header: Event) -> bool:
    """Tell whether a write is the header of a log's frame that commits.

    The second word is the database's size after a commit, else 0
    (https://sqlite.org/fileformat2.html#the_write_ahead_log).
    """
    is_header = header.kind == "write" and header.size == FRAME_HEADER_BYTES
    return is_header and header.content[4:8] != bytes(4)


async def lost_after(answers: int, path: Path, events: list[Event], folder: Path) -> set[str]:
    """Cut the power after so many answers; return what was answered and is gone."""
    marks = [i for i, event in enumerate(events) if event.kind.startswith(ANSWER)]
    before = events[: marks[answers - 1] + 1]
    disk = Disk({path.name: b""})
    disk.replay(before)
    write_files(disk.lose_power(Random(0), odds=0).contents(), folder)
    async with opened_store(folder / path.name) as backend:
        return set(answered(before)) - set(await Records(backend, "owner").names())
