"""Removing expired rows in bounded steps."""

from pathlib import Path

import pytest

from pannier_server.backends.contract import Cleaned
from pannier_server.backends.sqlite import expiry
from pannier_server.testing.records import Records
from tests.sqlite.stores import connected


async def test_a_clean_up_of_many_rows_takes_several_steps(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "MOST_ROWS", 3)
    await records.fill("abcdefgh", expires_at=records.now)
    await records.fill("xyz")
    assert await records.cleanup(limit=7) == Cleaned(7, more=True)
    assert await records.cleanup(limit=1) == Cleaned(1, more=False)
    assert await records.cleanup(limit=1) == Cleaned(0, more=False)
    assert await records.names() == ["x", "y", "z"]


async def test_a_step_ends_after_many_bytes_too(
    records: Records, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "MOST_BYTES", 1)
    await records.fill("abc", expires_at=records.now)
    with connected(path) as connection:
        step = expiry.remove_expired(connection, None, 10, records.now)
    assert step == Cleaned(1, more=True)
    assert await records.cleanup(limit=10) == Cleaned(2, more=False)


async def test_the_whole_store_is_cleaned_without_a_prefix(records: Records) -> None:
    for each in (records, *records.neighbours()):
        await each.put(expires_at=records.now)
        await each.put("live")
    cleaned = await records.backend.cleanup_expired(None, limit=100, call=records.call())
    assert cleaned == Cleaned(1 + len(records.neighbours()), more=False)
    assert await records.names(at=1) == ["live"]


async def test_an_expired_row_that_cannot_be_read_stays(records: Records, path: Path) -> None:
    with connected(path) as connection:
        connection.execute(
            "INSERT INTO records (owner, name, version, expires_at) VALUES ('owner', 'n', 1, 1)"
        )
    assert await records.cleanup() == Cleaned(0, more=False)
    assert await records.names() == ["n"]


async def test_what_is_removed_gives_its_index_entry_back(records: Records, path: Path) -> None:
    await records.put(expires_at=records.now)
    await records.put("rewritten", expires_at=records.now)
    await records.put("rewritten")
    await records.cleanup()
    with connected(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert await records.names() == ["rewritten"]
