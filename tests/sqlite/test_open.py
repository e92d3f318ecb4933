"""Opening and closing: new files, files of others, threads that end."""
# ruff: noqa: ASYNC240 (nothing else runs in the loop)

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pannier_server.backends.errors import (
    StorageError,
    StoreMisconfigured,
    StoreUnavailable,
)
from pannier_server.backends.sqlite import SqliteBackend, schema
from pannier_server.backends.sqlite import backend as backend_module
from pannier_server.backends.sqlite.location import Location
from pannier_server.testing.records import Records
from tests.sqlite.stores import connected, locked, opened_store


async def refusal(path: Path) -> str:
    """Open a store that cannot be opened; return what it says."""
    backend = SqliteBackend(Location(path))
    with pytest.raises(StorageError) as error:
        await backend.open()
    assert own_threads() == []
    assert str(path) in error.value.message
    assert "\n" not in error.value.message
    return error.value.message


def own_threads() -> list[str]:
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith("pannier-sqlite")]


async def test_a_new_file_is_private_and_logs_ahead(path: Path) -> None:
    async with opened_store(path) as backend:
        await Records(backend, "owner").put()
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
        with connected(path) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert modes == {"pannier.db": 0o600, "pannier.db-wal": 0o600, "pannier.db-shm": 0o600}


async def test_an_existing_file_keeps_its_mode(path: Path) -> None:
    path.touch(0o640)
    async with opened_store(path) as backend:
        await Records(backend, "owner").put()
    assert path.stat().st_mode & 0o777 == 0o640


async def test_records_are_there_after_closing_and_opening_again(path: Path) -> None:
    for version in (1, 2, 3):
        async with opened_store(path) as backend:
            assert (await Records(backend, "owner").put()).version == version


async def test_one_store_can_be_opened_and_closed_again_and_again(path: Path) -> None:
    backend = SqliteBackend(Location(path))
    await backend.close()
    for version in (1, 2):
        await backend.open()
        await backend.open()
        assert (await Records(backend, "owner").put()).version == version
        await backend.close()
        await backend.close()


async def test_closing_moves_the_log_into_the_file_and_ends_the_threads(path: Path) -> None:
    async with opened_store(path) as backend:
        await Records(backend, "owner").put()
        assert len(own_threads()) == 3
    assert own_threads() == []
    assert [file.name for file in path.parent.iterdir()] == ["pannier.db"]


async def test_closing_moves_the_log_into_a_file_that_others_have_open(path: Path) -> None:
    async with opened_store(path) as backend:
        await Records(backend, "owner").put()
        other = sqlite3.connect(path)
        assert other.execute("SELECT version FROM records").fetchall() == [(1,)]
    assert path.with_name("pannier.db-wal").stat().st_size == 0
    other.close()


async def test_closing_finishes_accepted_writes(path: Path) -> None:
    async with opened_store(path) as backend:
        records = Records(backend, "owner")
        puts = [asyncio.create_task(records.put()) for _ in range(64)]
        await asyncio.sleep(0)
    assert sorted([(await put).version for put in puts]) == list(range(1, 65))


async def test_a_closed_store_answers_that_it_is_not_open(path: Path) -> None:
    async with opened_store(path) as backend:
        pass
    with pytest.raises(StoreUnavailable, match="not open"):
        await Records(backend, "owner").get()


async def test_a_missing_folder_is_not_made(path: Path) -> None:
    message = await refusal(path.parent / "missing" / "pannier.db")
    assert "does not exist; make it" in message
    assert not (path.parent / "missing").exists()


async def test_a_file_in_place_of_the_folder_is_named(path: Path) -> None:
    path.touch()
    assert "cannot be made (Not a directory)" in await refusal(path / "pannier.db")


async def test_a_folder_in_place_of_the_file_is_named(path: Path) -> None:
    path.mkdir()
    assert "is a folder" in await refusal(path)


async def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    path.write_text("This is a letter, not a database.\n" * 100)
    before = path.read_bytes()
    assert "file is not a database" in await refusal(path)
    assert path.read_bytes() == before


async def test_another_applications_database_is_left_alone(path: Path) -> None:
    with connected(path) as connection:
        connection.execute("CREATE TABLE letters (text)")
    before = path.read_bytes()
    assert "another application's database; name another file" in await refusal(path)
    assert path.read_bytes() == before


async def test_a_table_that_another_process_makes_meanwhile_is_used(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_empty = schema._is_empty

    def lose_the_race(connection: sqlite3.Connection, file: str) -> bool:
        was_empty = is_empty(connection, file)
        monkeypatch.setattr(schema, "_is_empty", is_empty)
        with connected(path) as other:
            schema.create(other, file)
        return was_empty

    monkeypatch.setattr(schema, "_is_empty", lose_the_race)
    async with opened_store(path) as backend:
        assert (await Records(backend, "owner").put()).version == 1


@pytest.mark.parametrize("step", range(4))
async def test_a_table_that_another_process_makes_while_we_look_is_taken_for_ours(
    path: Path, step: int
) -> None:
    """Between which of the looks it appears does not matter."""
    path.touch()
    looks = 0

    def make_at_step(statement: str) -> None:
        nonlocal looks
        if looks == step:
            with connected(path) as other:
                schema.create(other, str(path))
        looks += statement.startswith(("SELECT", "PRAGMA"))

    with connected(path) as connection:
        connection.set_trace_callback(make_at_step)
        schema.create(connection, str(path))
        connection.set_trace_callback(None)
        schema.verify(connection, str(path))


async def test_a_newer_layout_asks_for_a_newer_release(path: Path) -> None:
    async with opened_store(path):
        pass
    with connected(path) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    assert f"layout {schema.VERSION + 1}" in await refusal(path)


async def test_a_file_that_stays_locked_is_an_error_in_the_end(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend_module, "OPEN_SECONDS", 0.05)
    path.touch()
    with locked(path):
        assert "another process has held" in await refusal(path)


async def test_a_file_that_stops_being_locked_is_opened(path: Path) -> None:
    path.touch()
    backend = SqliteBackend(Location(path))
    with locked(path):
        opening = asyncio.create_task(backend.open())
        await asyncio.sleep(0)
    await opening
    await backend.close()


async def test_check_passes_on_an_open_store(path: Path) -> None:
    async with opened_store(path) as backend:
        await backend.check(Records(backend, "owner").call())


def test_the_default_file_is_in_the_users_data_folder(tmp_path: Path) -> None:
    """In a process of its own, because the environment says where that is."""
    script = (
        "import asyncio\n"
        "from pannier_server.backends.registry import create_backend\n"
        "async def main():\n"
        "    backend = create_backend('sqlite:')\n"
        "    await backend.open()\n"
        "    print(backend.description)\n"
        "    await backend.close()\n"
        "asyncio.run(main())\n"
    )
    environment = os.environ | {"XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    [file] = [found for found in tmp_path.rglob("*.db") if found.is_file()]
    assert ran.stdout == f"SQLite, {file}\n"
    assert file.name == "pannier.db"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


async def test_a_missing_default_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    backend = SqliteBackend(Location(tmp_path / "file/pannier/pannier.db", makes_folder=True))
    with pytest.raises(StoreMisconfigured, match="cannot be made"):
        await backend.open()
