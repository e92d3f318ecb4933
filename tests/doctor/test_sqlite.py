"""The SQLite file, its folder and its disk."""
# ruff: noqa: ASYNC240 (nothing else runs in the loop)

import os
import shutil
import sqlite3
from pathlib import Path
from typing import NamedTuple

import pytest

from pannier_server.doctor import Status, sqlite
from pannier_server.doctor.file_systems import file_system_of
from tests.doctor.conftest import Diagnose
from tests.sidecars import sidecar_process
from tests.sqlite.stores import opened_store

MOUNTS = r"""
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 22 0:26 / /run rw shared:2 - tmpfs tmpfs rw
31 22 0:50 / /mnt/with\040space rw - nfs4 server:/ rw
32 22 8:2 / /data rw - xfs /dev/sdb rw
33 32 8:3 / /data rw - btrfs /dev/sdc rw
"""


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A store that a sidecar has made and left."""
    path = tmp_path / "pannier.db"
    async with opened_store(path):
        pass
    return path


class Usage(NamedTuple):
    total: int
    free: int


def url(path: Path) -> str:
    return f"sqlite://{path}"


async def test_a_store_that_is_well_has_no_failures(diagnose: Diagnose, path: Path) -> None:
    before = path.read_bytes()

    found = await diagnose(url(path))

    for check in ("folder", "file", "schema", "journal", "integrity", "sharing"):
        assert found[f"sqlite.{check}"].status is Status.OK, check
    assert found["sqlite.journal"].summary == "WAL"
    assert found["sqlite.schema"].facts == {"layout": 1}
    assert found["sqlite.sharing"].facts == {"pids": []}
    assert path.read_bytes() == before


async def test_before_the_first_start_there_is_nothing_wrong(
    diagnose: Diagnose, tmp_path: Path
) -> None:
    found = await diagnose("sqlite:")

    assert found["sqlite.folder"].status is Status.OK
    assert found["sqlite.file"].status is Status.SKIPPED
    assert found["sqlite.schema"].status is Status.SKIPPED
    assert not (tmp_path / "data").exists()


async def test_a_folder_that_was_named_and_is_missing_fails(
    diagnose: Diagnose, tmp_path: Path
) -> None:
    folder = tmp_path / "absent"

    found = await diagnose(url(folder / "pannier.db"))

    assert found["sqlite.folder"].status is Status.FAILED
    assert found["sqlite.folder"].fix.startswith(f"mkdir -p {folder}")
    assert found["sqlite.file"].status is Status.SKIPPED


async def test_a_folder_that_cannot_be_written_fails(
    diagnose: Diagnose, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.chmod(0o500)
    if os.geteuid() == 0:
        # Root may write everywhere; say what another user would be told.
        monkeypatch.setattr(os, "access", lambda place, _: place != path.parent)

    found = await diagnose(url(path), listen=["127.0.0.1:0"])
    path.parent.chmod(0o700)

    assert found["sqlite.folder"].status is Status.FAILED
    assert "may not write" in found["sqlite.folder"].summary
    assert "chown" in found["sqlite.folder"].fix


async def test_a_store_in_use_is_fine_and_says_by_whom(diagnose: Diagnose, path: Path) -> None:
    with sidecar_process(url(path)) as running:
        found = await diagnose(url(path))

    assert found["sqlite.sharing"].status is Status.OK
    assert found["sqlite.sharing"].facts == {"pids": [running.process.pid]}
    assert found["sqlite.integrity"].status is Status.OK


async def test_a_damaged_file_fails_with_a_way_back(diagnose: Diagnose, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.executemany(
            "INSERT INTO records (owner, name, version, data) VALUES ('o', ?, 1, ?)",
            [(f"n{number}", b"x" * 3000) for number in range(50)],
        )
    connection.close()
    damaged = bytearray(path.read_bytes())
    damaged[2 * 4096 : 6 * 4096] = os.urandom(4 * 4096)
    path.write_bytes(damaged)

    found = (await diagnose(url(path)))["sqlite.integrity"]

    assert found.status is Status.FAILED
    assert "restore a backup" in found.fix


async def test_what_quick_check_finds_fails(diagnose: Diagnose, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO records (owner, name) VALUES ('o', 'n')")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, 'version INTEGER', 'version INT NOT NULL')"
        )
    connection.close()

    found = (await diagnose(url(path)))["sqlite.integrity"]

    assert found.status is Status.FAILED
    assert found.summary == "quick_check finds the file damaged: NULL value in records.version"
    assert found.fix.startswith("restore a backup")


async def test_a_file_that_is_no_database_fails(diagnose: Diagnose, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be looked at " * 100)

    found = await diagnose(url(path))

    assert found["sqlite.schema"].status is Status.FAILED
    assert found["sqlite.schema"].fix == "restore a backup or name another file"
    assert found["sqlite.integrity"].status is Status.SKIPPED


async def test_another_applications_database_fails(diagnose: Diagnose, tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()

    found = (await diagnose(url(path)))["sqlite.schema"]

    assert found.status is Status.FAILED
    assert "another application's" in found.summary
    assert found.fix == "name another file"


async def test_a_journal_that_someone_turned_back_is_a_warning(
    diagnose: Diagnose, path: Path
) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()

    found = (await diagnose(url(path)))["sqlite.journal"]

    assert found.status is Status.WARNING
    assert "delete" in found.summary
    assert found.fix


async def test_a_file_that_everyone_may_read_is_a_warning(diagnose: Diagnose, path: Path) -> None:
    path.chmod(0o644)

    found = (await diagnose(url(path)))["sqlite.file"]

    assert found.status is Status.WARNING
    assert found.fix == f"chmod o-rwx {path}"


async def test_a_folder_in_place_of_the_file_fails(diagnose: Diagnose, tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()

    found = (await diagnose(url(tmp_path / "folder.db")))["sqlite.file"]

    assert found.status is Status.FAILED
    assert found.fix == "name a file in it"


@pytest.mark.parametrize(
    ("free", "status"),
    [(1 << 20, Status.FAILED), (100 << 20, Status.WARNING), (10 << 30, Status.OK)],
)
async def test_a_disk_that_is_full_or_nearly(
    diagnose: Diagnose, path: Path, monkeypatch: pytest.MonkeyPatch, free: int, status: Status
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(20 << 30, free))

    found = (await diagnose(url(path)))["sqlite.space"]

    assert found.status is status
    assert found.facts["free_bytes"] == free
    assert (status is Status.OK) or found.fix.startswith("make room")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("ext4", Status.OK),
        ("nfs4", Status.WARNING),
        ("tmpfs", Status.WARNING),
        ("overlay", Status.WARNING),
    ],
)
async def test_a_file_system_that_loses_records_or_locks_is_a_warning(
    diagnose: Diagnose, path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, status: Status
) -> None:
    mounts = path.parent / "mountinfo"
    mounts.write_text(f"22 1 8:1 / / rw - {kind} /dev/sda1 rw\n")
    monkeypatch.setattr(sqlite, "MOUNTS", mounts)

    found = (await diagnose(url(path)))["sqlite.file_system"]

    assert (found.status, found.facts["type"]) == (status, kind)
    assert (status is Status.OK) or "sqlite:///path/file.db" in found.fix


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/var/lib", ("ext4", "/")),
        ("/run/user/1000", ("tmpfs", "/run")),
        ("/running", ("ext4", "/")),
        ("/mnt/with space/x", ("nfs4", "/mnt/with space")),
        ("/data/x", ("btrfs", "/data")),
    ],
)
def test_the_deepest_and_latest_mount_has_a_path(path: str, expected: tuple[str, str]) -> None:
    assert file_system_of(Path(path), MOUNTS) == expected


async def test_memory_says_that_nothing_is_kept(diagnose: Diagnose) -> None:
    found = (await diagnose("memory:"))["memory.kept"]

    assert found.status is Status.WARNING
    assert "gone when it stops" in found.summary
    assert "--store" in found.fix
