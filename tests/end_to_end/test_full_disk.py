"""A sidecar whose disk is full says so, loses nothing, and goes on once there is room."""

import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

import pannier
from tests.end_to_end import small_disk
from tests.end_to_end.small_disk import SmallDisk
from tests.sidecars import SidecarProcess, sidecar_process

KEY = pannier.key("disk", "record")
LARGE = bytes(100_000)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if small_disk.problem():
        pytest.skip(f"no small disk can be mounted here: {small_disk.problem()}")
    with small_disk.small_disk(tmp_path, "4m") as disk:
        yield disk


def store_on(disk: SmallDisk) -> str:
    return f"sqlite://{disk.inside}/pannier.db"


def connect(sidecar: SidecarProcess) -> pannier.Store:
    return pannier.connect(sidecar.address, retries=pannier.NO_RETRIES)


def put_until_refused(store: pannier.Store, data: bytes) -> tuple[int, pannier.PannierError]:
    """Put records 0, 1, 2 and so on; return how many were written, and the refusal."""
    for number in count():
        try:
            store.put(pannier.key("disk", str(number)), data)
        except pannier.PannierError as error:
            return number, error
    raise AssertionError


def assert_is_full(error: pannier.PannierError) -> None:
    assert isinstance(error, pannier.Unavailable)
    assert error.reason == "STORE_UNAVAILABLE"
    assert re.search("disk is full.*free space on its file system", error.message)
    assert error.write_outcome is not None


def test_a_full_disk_refuses_writes_until_there_is_room(disk: SmallDisk) -> None:
    with sidecar_process(store_on(disk), within=disk.within) as sidecar, connect(sidecar) as store:
        store.put(KEY, b"before")
        disk.fill()
        written, error = put_until_refused(store, LARGE)
        assert_is_full(error)
        assert store.get(KEY).data == b"before"
        assert len(list(store.list("disk:"))) == written + 1
        disk.make_room()
        assert store.put(KEY, b"after").version == 2


def test_nothing_is_lost_on_a_disk_that_fills_up_by_itself(disk: SmallDisk) -> None:
    """Also not where it has no room left to move the log into the file."""
    with sidecar_process(store_on(disk), within=disk.within) as sidecar, connect(sidecar) as store:
        written, error = put_until_refused(store, LARGE)
        assert_is_full(error)
        sidecar.kill()
    with sidecar_process(store_on(disk), within=disk.within) as sidecar, connect(sidecar) as store:
        names = {record.key for record in store.list("disk:")}
        assert names >= {pannier.key("disk", str(number)) for number in range(written)}
        disk.remount("size=8m")
        assert store.put(KEY, LARGE).version == 1


def test_on_a_full_disk_no_sidecar_starts_and_the_next_one_with_room_does(disk: SmallDisk) -> None:
    disk.fill()
    serve = [sys.executable, "-m", "pannier_server", "serve", f"--store={store_on(disk)}"]
    ended = subprocess.run(
        [*disk.within, *serve, "--listen=127.0.0.1:0"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "free space" in ended.stderr
    disk.make_room()
    with sidecar_process(store_on(disk), within=disk.within) as sidecar, connect(sidecar) as store:
        assert store.put(KEY, LARGE).version == 1


def test_on_a_read_only_file_system_no_sidecar_starts_and_says_why(disk: SmallDisk) -> None:
    with sidecar_process(store_on(disk), within=disk.within) as sidecar, connect(sidecar) as store:
        store.put(KEY, b"before")
        sidecar.stop()
    disk.remount("ro")
    serve = [sys.executable, "-m", "pannier_server", "serve", f"--store={store_on(disk)}"]
    ended = subprocess.run(
        [*disk.within, *serve, "--listen=127.0.0.1:0"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "may write it and its folder" in ended.stderr
    disk.remount("rw")
    with sidecar_process(store_on(disk), within=disk.within) as sidecar, connect(sidecar) as store:
        assert store.get(KEY).data == b"before"


def test_a_limit_on_the_size_of_files_is_named_and_can_be_lifted(tmp_path: Path) -> None:
    """As a quota does; it works on machines where no one may mount."""
    store_url = f"sqlite://{tmp_path}/pannier.db"
    with sidecar_process(store_url) as sidecar, connect(sidecar) as store:
        store.put(KEY, b"before")
        limit_file_sizes(sidecar, 500_000)
        _, error = put_until_refused(store, LARGE)
        assert isinstance(error, pannier.Unavailable)
        assert "check the disk, its file system and its quotas" in error.message
        assert store.get(KEY).data == b"before"
        limit_file_sizes(sidecar, resource.RLIM_INFINITY)
        assert store.put(KEY, LARGE).version == 2


def limit_file_sizes(sidecar: SidecarProcess, size: int) -> None:
    resource.prlimit(sidecar.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
