"""Lists cost what they answer: bounded reads, memory and time."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event as ThreadEvent

import pytest

from pannier_server.backends.contract import Page, Unreadable
from pannier_server.backends.sqlite import SqliteBackend, expiry, pages
from pannier_server.testing.records import Records
from tests.sqlite.recording_vfs import RecordingVfs
from tests.sqlite.stores import connected, opened_store

LARGE = 400_000


@pytest.fixture
async def backend(vfs: RecordingVfs, path: Path) -> AsyncIterator[SqliteBackend]:
    async with opened_store(path) as backend:
        yield backend


@pytest.mark.parametrize("descending", [False, True])
async def test_a_page_of_large_rows_reads_what_it_answers_and_one_more(
    vfs: RecordingVfs, records: Records, descending: bool
) -> None:
    for number in range(20):
        await records.put(f"{number:02}", bytes(LARGE))
    vfs.events.clear()
    tracemalloc.start()
    page = await records.page(max_rows=1_000, max_bytes=2 * LARGE, descending=descending)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    read = sum(event.size for event in vfs.events if event.kind == "read")
    assert len(page.rows) == 2
    assert read < 3.5 * LARGE
    assert peak < 4 * LARGE


@pytest.mark.parametrize("descending", [False, True])
async def test_a_later_page_does_not_read_the_earlier_ones(
    vfs: RecordingVfs, records: Records, descending: bool
) -> None:
    await asyncio.gather(*(records.put(f"{n:05}", bytes(500)) for n in range(4_000)))
    after = "00010" if descending else "03990"
    vfs.events.clear()
    rows = (await records.page(after=after, descending=descending)).rows
    read = sum(event.size for event in vfs.events if event.kind == "read")
    assert len(rows) in (9, 10)
    assert read < 200_000


@pytest.mark.parametrize("statement", [pages.ORDER[False], pages.ORDER[True]])
async def test_a_list_walks_the_index_and_sorts_nothing(
    backend: SqliteBackend, path: Path, statement: str
) -> None:
    assert plan(path, statement) == [
        "SEARCH records USING INDEX records_key (owner=? AND name>? AND name<?)"
    ]


async def test_a_clean_up_walks_the_index_of_what_expires(
    backend: SqliteBackend, path: Path
) -> None:
    walk = ["SEARCH records USING INDEX records_expiry (expires_at<?)"]
    assert plan(path, expiry.ALL) == walk
    assert plan(path, expiry.OF_PREFIX) == walk


def plan(path: Path, statement: str) -> list[str]:
    values = {"owner": "o", "low": b"", "high": b"\xff", "now": 1}
    with connected(path) as connection:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
        return [detail for _, _, _, detail in rows]


@pytest.mark.parametrize("descending", [False, True])
async def test_a_page_gives_up_after_many_expired_rows_and_says_where_to_go_on(
    records: Records, monkeypatch: pytest.MonkeyPatch, descending: bool
) -> None:
    monkeypatch.setattr(pages, "MOST_SCANNED", 10)
    await records.fill([f"m{number:02}" for number in range(25)], expires_at=records.now)
    await records.fill(["a", "z"])
    listed = await records.pages(descending=descending)
    assert [len(page.rows) for page in listed] == [1, 0, 1]
    assert await records.names(descending=descending) == (["z", "a"] if descending else ["a", "z"])


async def test_the_data_of_expired_rows_is_not_read(vfs: RecordingVfs, records: Records) -> None:
    for number in range(20):
        await records.put(f"{number:02}", bytes(LARGE), expires_at=records.now)
    vfs.events.clear()
    assert await records.page() == Page([], None)
    assert sum(event.size for event in vfs.events if event.kind == "read") < LARGE


async def test_a_long_list_does_not_hold_up_a_get(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    await records.put()
    let_go = ThreadEvent()
    monkeypatch.setattr(pages, "read_page", lambda *_, **__: let_go.wait() and Page([], None))
    listing = asyncio.create_task(records.page())
    await asyncio.sleep(0)
    assert (await records.get()).version == 1
    assert not listing.done()
    let_go.set()
    await listing


async def test_names_that_are_no_utf8_are_left_out(records: Records, path: Path) -> None:
    await records.fill("ac")
    with connected(path) as connection:
        connection.executemany(
            "INSERT INTO records (owner, name) VALUES ('owner', CAST(? AS TEXT))",
            [(b"\x80",), (b"b\x80",), (b"b\xff",), (b"\xff",)],
        )
    for max_rows in (1, 2, 3):
        assert await records.names(max_rows=max_rows) == ["a", "c"]
        assert await records.names(max_rows=max_rows, descending=True) == ["c", "a"]


async def test_an_unreadable_row_is_named_in_a_list(records: Records, path: Path) -> None:
    with connected(path) as connection:
        connection.execute("INSERT INTO records (owner, name) VALUES ('owner', 'broken')")
    assert await records.rows() == [Unreadable(records.key("broken"), "version is missing")]
