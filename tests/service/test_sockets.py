"""A Unix socket's folder and file: whose they must be, and what is replaced."""

import os
import socket
import tempfile
from pathlib import Path

import pytest

from pannier_server.transport.sockets import (
    ListenError,
    SocketAccess,
    creating_unix_socket,
    remove_unix_socket,
    socket_file,
)

OWNERS = SocketAccess(0o600, None)


def make_socket(path: Path, access: SocketAccess = OWNERS) -> socket.socket:
    with creating_unix_socket(path, access):
        made = socket.socket(socket.AF_UNIX)
        made.bind(str(path))
    return made


def test_a_folder_that_is_missing_in_a_missing_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(ListenError, match=r"no/where: No such file.*--listen"):
        make_socket(tmp_path / "no" / "where" / "p.sock")


def test_a_folder_in_tmp_that_others_can_write_to_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / "pannier-0"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(ListenError, match="written by other users"):
        make_socket(folder / "p.sock")


def test_a_socket_is_never_open_to_more_users_than_it_will_be(tmp_path: Path) -> None:
    path = tmp_path / "p.sock"
    with creating_unix_socket(path, SocketAccess(0o666, None)):
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
        assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_mode & 0o777 == 0o666


def test_a_group_can_be_given(tmp_path: Path) -> None:
    path = tmp_path / "p.sock"
    make_socket(path, SocketAccess(0o660, os.getgid())).close()
    assert path.stat().st_gid == os.getgid()


def test_the_umask_is_as_before(tmp_path: Path) -> None:
    before = os.umask(0o022)
    make_socket(tmp_path / "p.sock").close()
    assert os.umask(before) == 0o022


def test_another_servers_socket_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "p.sock"
    make_socket(path).close()
    ours = socket_file(path)
    path.rename(tmp_path / "kept.sock")
    make_socket(path).close()
    remove_unix_socket(path, ours)
    assert path.exists()
    remove_unix_socket(path, socket_file(path))
    assert not path.exists()
