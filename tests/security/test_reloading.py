"""Files that are read again: when they have changed and rest, or when someone asks."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest

from pannier_server.app import running_sidecar
from pannier_server.config import Settings, SettingsError
from pannier_server.security import reloading
from pannier_server.security.reloading import Reloader, WatchedFiles
from pannier_server.security.tokens import new_token
from tests.security.auth_files import AuthFileOnDisk, everything
from tests.security.calls import call, request_to, storage_path
from tests.sidecars import channel_to, eventually

PUT = request_to("Put", "o").SerializeToString()
OK = grpc.StatusCode.OK


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


class Reader:
    """What reads a file, and counts how often."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.contents: list[str] = []

    async def __call__(self) -> None:
        text = self.path.read_text()
        self.contents.append(text)
        if text == "wrong":
            raise SettingsError("--file", "it is wrong")
        if text == "bug":
            raise ZeroDivisionError


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    path = tmp_path / "watched"
    path.write_text("at the start")
    return Reader(path)


class Looks:
    """Lets a reloader take one look after another, as if a second passed before each."""

    def __init__(self, reader: Reader) -> None:
        self._files = WatchedFiles("the file", [str(reader.path)])
        self._reader = reader

    async def take(self, *, asked: bool = False) -> None:
        await reloading._look(self._files, self._reader, asked=asked)


async def test_a_file_that_stays_as_it_is_is_not_read(reader: Reader) -> None:
    looks = Looks(reader)
    for _ in range(3):
        await looks.take()

    assert reader.contents == []


async def test_a_file_that_changes_is_read_once_it_rests(reader: Reader) -> None:
    looks = Looks(reader)
    reader.path.write_text("half")
    await looks.take()
    reader.path.write_text("half and whole")
    await looks.take()
    assert reader.contents == []

    await looks.take()
    await looks.take()
    assert reader.contents == ["half and whole"]


@pytest.mark.parametrize("how", ["replaced", "linked elsewhere", "of the same size and time"])
async def test_every_change_is_seen(reader: Reader, tmp_path: Path, how: str) -> None:
    looks = Looks(reader)
    other = tmp_path / "other"
    other.write_text("AT THE START")
    if how == "replaced":
        other.replace(reader.path)
    elif how == "linked elsewhere":
        reader.path.unlink()
        reader.path.symlink_to(other)
    else:
        before = reader.path.stat()
        reader.path.write_text("AT THE START")
        os.utime(reader.path, ns=(before.st_mtime_ns, before.st_mtime_ns))
    await looks.take()
    await looks.take()

    assert reader.contents == ["AT THE START"]


async def test_a_change_between_the_first_look_and_the_first_reading_is_not_missed(
    reader: Reader,
) -> None:
    files = WatchedFiles("the file", [str(reader.path)])
    reader.path.write_text("changed while the sidecar started")
    for _ in range(2):
        await reloading._look(files, reader, asked=False)

    assert reader.contents == ["changed while the sidecar started"]


async def test_a_wrong_file_is_said_once_and_read_again_when_it_is_right(
    reader: Reader, log: pytest.LogCaptureFixture
) -> None:
    looks = Looks(reader)
    reader.path.write_text("wrong")
    for _ in range(5):
        await looks.take()
    assert [one.getMessage() for one in log.records] == [
        "--file: it is wrong; what was read before stays in force"
    ]

    reader.path.write_text("right")
    await looks.take()
    await looks.take()
    assert reader.contents == ["wrong", "right"]
    assert log.records[-1].getMessage() == "the file: read again"


async def test_a_file_that_goes_away_is_read_again_when_it_is_back(reader: Reader) -> None:
    looks = Looks(reader)
    reader.path.unlink()
    reader.path.with_name("elsewhere").write_text("")
    with pytest.raises(FileNotFoundError):
        reader.path.stat()
    await looks.take()
    reader.path.write_text("back")
    await looks.take()
    await looks.take()

    assert reader.contents == ["back"]


async def test_asking_reads_a_file_at_once_and_whether_it_has_changed_or_not(
    reader: Reader,
) -> None:
    looks = Looks(reader)
    await looks.take(asked=True)

    assert reader.contents == ["at the start"]


async def test_a_bug_does_not_end_the_looks(reader: Reader, log: pytest.LogCaptureFixture) -> None:
    looks = Looks(reader)
    reader.path.write_text("bug")
    await looks.take(asked=True)
    reader.path.write_text("no bug")
    await looks.take(asked=True)

    assert reader.contents == ["bug", "no bug"]
    assert "could not be read again, in an unforeseen way" in log.records[0].getMessage()


async def test_a_reloader_without_files_has_nothing_to_do(reader: Reader) -> None:
    reloader = Reloader([(WatchedFiles("no file", [None]), reader)])

    assert not reloader
    await reloader.watch()


@asynccontextmanager
async def watching(reloader: Reloader) -> AsyncIterator[None]:
    task = asyncio.create_task(reloader.watch())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_watch_looks_by_itself(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reloading, "_INTERVAL", 0.01)
    reloader = Reloader([(WatchedFiles("the file", [str(reader.path)]), reader)])

    async def is_read() -> bool:
        return reader.contents == ["changed"]

    async with watching(reloader):
        reader.path.write_text("changed")
        await eventually(is_read)


async def test_a_sidecar_sees_by_itself_that_a_token_was_revoked(
    settings: Settings, auth_file: AuthFileOnDisk
) -> None:
    caller = everything()
    old = caller.token
    auth_file.write(caller)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        assert (await call(channel, storage_path("Put"), PUT, token=old)).code is OK
        caller.tokens = [new_token()]
        auth_file.write(caller)

        async def is_revoked() -> bool:
            answer = await call(channel, storage_path("Put"), PUT, token=old)
            return answer.code is grpc.StatusCode.UNAUTHENTICATED

        await eventually(is_revoked)
        assert (await call(channel, storage_path("Put"), PUT, token=caller.token)).code is OK


@pytest.mark.parametrize("broken", ["identity = 1", "writable"])
async def test_a_broken_file_leaves_the_old_one_in_force(
    settings: Settings, auth_file: AuthFileOnDisk, log: pytest.LogCaptureFixture, broken: str
) -> None:
    caller = everything()
    auth_file.write(caller)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        if broken == "writable":
            auth_file.write()
            auth_file.path.chmod(0o666)
        else:
            auth_file.write_text(broken)
        sidecar.reloader.ask()

        async def is_said() -> bool:
            return any("stays in force" in one.getMessage() for one in log.records)

        await eventually(is_said)
        assert (await call(channel, storage_path("Put"), PUT, token=caller.token)).code is OK
