"""Addresses: what they mean, where the default is, and when it is not to be trusted."""

import os
import tempfile
from pathlib import Path

import grpc
import pytest

import pannier
from pannier.addresses import claim_directory, default_socket_path, grpc_target, resolve_address
from tests.client_python.conftest import Connect
from tests.client_python.scripted_sidecar import ScriptedSidecar, found


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a fresh directory the one for temporary files, and nothing else set."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("PANNIER_ADDRESS", raising=False)
    return tmp_path


def test_the_default_socket_is_in_the_runtime_directory(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    assert default_socket_path() == Path("/run/user/7/pannier/pannier.sock")


@pytest.mark.parametrize("unusable", ["", "relative/path"])
def test_the_default_socket_is_in_the_users_temporary_directory(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, unusable: str
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", unusable)
    assert default_socket_path() == temporary / f"pannier-{os.getuid()}" / "pannier.sock"


def test_without_a_temporary_directory_there_is_a_default_socket_all_the_same(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing_can_be_written() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(tempfile, "gettempdir", nothing_can_be_written)
    assert default_socket_path() == Path(f"/tmp/pannier-{os.getuid()}/pannier.sock")


def test_the_given_address_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANNIER_ADDRESS", "unix:/other.sock")
    assert resolve_address("unix:/mine.sock") == "unix:/mine.sock"
    assert resolve_address(None) == "unix:/other.sock"


def test_the_default_directory_is_created_for_this_user_alone(temporary: Path) -> None:
    address = resolve_address(None)
    directory = temporary / f"pannier-{os.getuid()}"
    assert address == f"unix:{directory}/pannier.sock"
    assert directory.stat().st_mode & 0o777 == 0o700


def test_a_default_directory_of_someone_else_is_refused(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: stranger)
    (temporary / f"pannier-{stranger}").mkdir()
    with pytest.raises(PermissionError, match="not a directory of this user; set PANNIER_ADDRESS"):
        pannier.connect()


def test_a_default_directory_behind_a_link_is_refused(temporary: Path) -> None:
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    (temporary / f"pannier-{os.getuid()}").symlink_to(elsewhere)
    with pytest.raises(PermissionError, match="not a directory of this user"):
        resolve_address(None)


def test_a_directory_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(PermissionError, match="written by other users"):
        claim_directory(shared)


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("unix:/run/p.sock", "unix:/run/p.sock"),
        ("unix:///run/p.sock", "unix:/run/p.sock"),
        ("unix:/run/../p q%.sock", "unix:/p%20q%25.sock"),
        ("localhost:50051", "dns:///localhost:50051"),
        ("[::1]:50051", "dns:///[::1]:50051"),
    ],
)
def test_an_address_becomes_a_target(address: str, target: str) -> None:
    assert grpc_target(address) == target


def test_a_relative_socket_path_starts_from_the_working_directory_of_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert grpc_target("unix:p.sock") == f"unix:{tmp_path}/p.sock"


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("localhost", "no address of a sidecar"),
        ("/run/p.sock", "no address of a sidecar"),
        ("http://localhost:50051", "no address of a sidecar"),
        ("::1:50051", "no address of a sidecar"),
        ("localhost:", "no port"),
        ("localhost:0", "no port"),
        ("localhost:65536", "no port"),
        ("unix:", "no path"),
        ("unix://run/p.sock", "two slashes"),
        ("unix:/" + "x" * 107, "at most 107 bytes"),
    ],
)
def test_an_address_of_no_known_form_is_refused(address: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        pannier.connect(address)


@pytest.mark.parametrize("name", ["with space.sock", "per%cent.sock", "que?ry#.sock", "ü.sock"])
def test_a_socket_path_may_hold_any_character(tmp_path: Path, connect: Connect, name: str) -> None:
    plain = ScriptedSidecar(tmp_path / "s")
    plain.will(found())
    try:
        (tmp_path / "s").rename(tmp_path / name)
        assert connect(f"unix:{tmp_path / name}").get("o:n").version == 1
    finally:
        plain.stop()


def test_a_proxy_from_the_environment_is_not_used(
    live_address: str, owner: str, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("no_proxy", "no_grpc_proxy", "grpc_proxy", "https_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(pannier.NotFound):
        connect(live_address).get(f"{owner}:n")


def test_a_store_is_shown_by_its_address() -> None:
    with pannier.connect("unix:/p.sock", metadata=[("authorization", "secret")]) as store:
        assert repr(store) == "<pannier.Store at unix:/p.sock>"


@pytest.mark.parametrize("timeout", [0, -1.0, float("inf"), float("nan")])
def test_a_timeout_is_a_positive_number(timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout must be a number of seconds above 0"):
        pannier.connect("unix:/p.sock", timeout=timeout)


def test_a_connection_can_use_tls(tmp_path: Path, connect: Connect) -> None:
    import trustme

    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    pair = (certificate.private_key_pem.bytes(), certificate.cert_chain_pems[0].bytes())
    secured = ScriptedSidecar(tmp_path / "tls.sock", grpc.ssl_server_credentials([pair]))
    secured.will(found())
    try:
        credentials = grpc.ssl_channel_credentials(authority.cert_pem.bytes())
        assert connect(secured.address, credentials=credentials).get("o:n").version == 1
    finally:
        secured.stop()
