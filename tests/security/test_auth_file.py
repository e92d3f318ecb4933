"""An auth file is refused where others could change it, or where it could never apply."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from pannier_server.app import running_sidecar
from pannier_server.config import Settings, SettingsError, TcpAddress, UnixAddress
from pannier_server.security.auth_file import read_auth_file
from pannier_server.supervisor import supervise
from tests.security.auth_files import AuthFileOnDisk, Caller, everything


@pytest.fixture
def settings(auth_file: AuthFileOnDisk, tmp_path: Path) -> Settings:
    auth_file.write(everything())
    return Settings(
        auth=str(auth_file),
        listen=(UnixAddress(str(tmp_path / "p.sock")), TcpAddress("127.0.0.1", 0)),
        origins={"auth": "--auth"},
    )


def refusal(settings: Settings) -> str:
    with pytest.raises(SettingsError) as caught:
        read_auth_file(settings)
    message = str(caught.value)
    assert message.startswith("--auth: ")
    assert "\n" not in message
    return message.removeprefix("--auth: ")


def test_a_file_of_ones_own_is_read(settings: Settings) -> None:
    assert read_auth_file(settings).count == 1


def test_others_may_read_it(settings: Settings, auth_file: AuthFileOnDisk) -> None:
    auth_file.path.chmod(0o644)

    assert read_auth_file(settings).count == 1


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_others_may_not_write_to_it(
    settings: Settings, auth_file: AuthFileOnDisk, mode: int
) -> None:
    auth_file.path.chmod(mode)

    assert refusal(settings) == (
        f"{auth_file}, the file: other users may write to it (mode {mode:04o}) and so give "
        "themselves rights; run chmod go-w FILE"
    )


@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_others_may_not_write_to_its_folder(
    settings: Settings, auth_file: AuthFileOnDisk, mode: int
) -> None:
    auth_file.path.parent.chmod(mode)

    assert "its folder: other users may write to it" in refusal(settings)


def test_others_may_write_to_its_folder_where_each_keeps_to_its_own_files(
    settings: Settings, auth_file: AuthFileOnDisk
) -> None:
    auth_file.path.parent.chmod(0o1777)

    assert read_auth_file(settings).count == 1


def test_the_folder_that_counts_is_that_of_the_file_itself(
    settings: Settings, auth_file: AuthFileOnDisk, tmp_path: Path
) -> None:
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    target = open_folder / "auth.toml"
    auth_file.path.rename(target)
    auth_file.path.symlink_to(target)
    open_folder.chmod(0o777)

    assert "its folder: other users may write to it" in refusal(settings)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_it_may_not_belong_to_another_user(settings: Settings, auth_file: AuthFileOnDisk) -> None:
    os.chown(auth_file.path, 4321, -1)

    assert "the file: it belongs to user 4321, who could give anyone rights" in refusal(settings)


def test_a_file_that_is_not_there_is_named(settings: Settings, auth_file: AuthFileOnDisk) -> None:
    auth_file.path.unlink()

    assert refusal(settings).startswith(f"cannot read {auth_file}: No such file or directory; ")


def test_a_file_that_is_no_text_is_named(settings: Settings, auth_file: AuthFileOnDisk) -> None:
    auth_file.path.write_bytes(b"\xff")

    assert refusal(settings) == f"{auth_file} is not UTF-8 text, as TOML has to be"


def test_names_in_certificates_need_clients_that_show_certificates(
    settings: Settings, auth_file: AuthFileOnDisk
) -> None:
    auth_file.write(Caller("billing", certificate=["dns:billing.internal"]))

    assert "identity billing: certificate (" in refusal(settings)
    assert "set --tls-client-ca" in refusal(settings)
    assert read_auth_file(replace(settings, tls_client_ca="ca.pem")).count == 1


def test_users_need_the_transport_that_knows_them(
    settings: Settings, auth_file: AuthFileOnDisk
) -> None:
    auth_file.write(Caller("billing", uid=[1000]))

    assert read_auth_file(settings).count == 1
    assert refusal(replace(settings, transport="grpcio")) == (
        f"{auth_file}, identity billing: uid needs --transport h2; grpcio does not tell whose a "
        "connection is"
    )


def test_users_need_a_unix_socket(settings: Settings, auth_file: AuthFileOnDisk) -> None:
    auth_file.write(Caller("billing", uid=[1000]))
    tcp_only = replace(settings, listen=(TcpAddress("127.0.0.1", 0),))

    assert "identity billing: uid is known of Unix sockets only" in refusal(tcp_only)


async def test_a_sidecar_does_not_start_with_a_wrong_file(
    settings: Settings, auth_file: AuthFileOnDisk
) -> None:
    auth_file.write_text("identity = 1")
    with pytest.raises(SettingsError, match="identity is no list"):
        async with running_sidecar(replace(settings, store="memory:")):
            pass


def test_workers_do_not_start_with_a_wrong_file(
    settings: Settings, auth_file: AuthFileOnDisk
) -> None:
    auth_file.write_text("identity = 1")
    with pytest.raises(SettingsError, match="identity is no list"):
        supervise(replace(settings, workers=2))
