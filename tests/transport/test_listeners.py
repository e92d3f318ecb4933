"""Listening sockets: what can be had, what cannot and why, and what is left at the end."""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from pannier_server.config import TcpAddress, UnixAddress
from pannier_server.transport.listeners import (
    BACKLOG,
    Listener,
    addresses_of,
    inherited_listener,
    open_listeners,
)
from pannier_server.transport.sockets import ListenError, SocketAccess

OWNERS = SocketAccess(0o600, None)
FREE = TcpAddress("127.0.0.1", 0)
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up being root")


@contextmanager
def as_nobody() -> Iterator[None]:
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def opened(*addresses: TcpAddress | UnixAddress) -> Iterator[tuple[Listener, ...]]:
    with open_listeners(addresses, OWNERS) as listeners:
        yield listeners


def refusal(*addresses: TcpAddress | UnixAddress) -> str:
    with pytest.raises(ListenError) as caught, opened(*addresses):
        pass
    return str(caught.value)


def connect(listener: Listener) -> socket.socket:
    """Connect to a listener, and check that it is the one that hears of it."""
    client = socket.socket(listener.sock.family)
    client.connect(listener.sock.getsockname())
    accepted, _ = listener.sock.accept()
    accepted.close()
    return client


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_port_that_the_system_chose_is_named(host: str) -> None:
    with opened(TcpAddress(host, 0)) as (listener,):
        assert isinstance(listener.address, TcpAddress)
        assert listener.address.port == listener.sock.getsockname()[1] != 0
        connect(listener).close()


def test_a_port_that_was_asked_for_is_taken() -> None:
    with opened(FREE) as (chosen,):
        address = chosen.address
    with opened(address) as (listener,):
        assert listener.address == address


def test_a_name_stands_for_all_its_addresses_on_one_port(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "::1", "127.0.0.1")
    with opened(TcpAddress("localhost", 0)) as listeners:
        assert [each.sock.getsockname()[0] for each in listeners] == ["::1", "127.0.0.1"]
        assert len(addresses_of(listeners)) == 1
        for listener in listeners:
            connect(listener).close()


def test_an_address_of_a_name_that_this_machine_lacks_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve_to(monkeypatch, "192.0.2.1", "127.0.0.1")
    with opened(TcpAddress("localhost", 0)) as listeners:
        assert [each.sock.getsockname()[0] for each in listeners] == ["127.0.0.1"]


def test_an_address_that_a_name_has_twice_is_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "127.0.0.1", "127.0.0.1")
    with opened(TcpAddress("localhost", 0)) as listeners:
        assert len(listeners) == 1


def resolve_to(monkeypatch: pytest.MonkeyPatch, *hosts: str) -> None:
    """Let every name stand for some addresses, as a line in /etc/hosts would."""
    resolve = socket.getaddrinfo

    def answer(_: str, port: int, **options: int) -> list[object]:
        return [found for host in hosts for found in resolve(host, port, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", answer)


def test_the_ipv6_wildcard_takes_ipv4_connections_too() -> None:
    with opened(TcpAddress("::", 0)) as (listener,):
        port = listener.sock.getsockname()[1]
        socket.create_connection(("127.0.0.1", port)).close()
        accepted, peer = listener.sock.accept()
        accepted.close()
        assert peer[0] == "::ffff:127.0.0.1"


def test_sockets_do_not_block_and_programs_started_later_do_not_get_them() -> None:
    with opened(FREE) as (listener,):
        assert not os.get_blocking(listener.sock.fileno())
        assert not listener.sock.get_inheritable()
        with pytest.raises(BlockingIOError):
            listener.sock.accept()


def test_a_port_can_be_had_again_while_old_connections_linger() -> None:
    with opened(FREE) as (listener,):
        address = listener.address
        client = socket.create_connection(listener.sock.getsockname())
        accepted, _ = listener.sock.accept()
        # Who closes first has the connection linger.
        accepted.close()
        client.close()
    with opened(address):
        pass


@pytest.mark.parametrize("family", ["tcp", "unix"])
def test_hundreds_of_connections_may_wait_to_be_accepted(family: str, tmp_path: Path) -> None:
    waiting = min(BACKLOG, int(Path("/proc/sys/net/core/somaxconn").read_text()), 300)
    address = FREE if family == "tcp" else UnixAddress(str(tmp_path / "p.sock"))
    with ExitStack() as stack:
        (listener,) = stack.enter_context(opened(address))
        for _ in range(waiting):
            client = stack.enter_context(socket.socket(listener.sock.family))
            client.settimeout(5)
            client.connect(listener.sock.getsockname())


def test_a_port_in_use_is_named_with_the_fix() -> None:
    with opened(FREE) as (listener,):
        assert refusal(listener.address) == (
            f"cannot listen on {listener.address}: another process listens there; stop it, or "
            "choose another --listen"
        )


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "fe80::1%none", "a" * 64])
def test_a_host_that_is_not_this_machine_is_named_with_the_fix(host: str) -> None:
    address = TcpAddress(host, 0)

    assert refusal(address) == (
        f"cannot listen on {address}: it is no address of this machine; choose another --listen"
    )


@ROOT_ONLY
def test_a_port_that_only_root_may_have_is_named_with_the_fix() -> None:
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 7:
        pytest.skip("here everyone may have every port")
    with as_nobody():
        message = refusal(TcpAddress("127.0.0.1", 7))

    assert message == (
        "cannot listen on 127.0.0.1:7: this user may not have port 7; choose one from 1024 on "
        "with --listen, or give the process CAP_NET_BIND_SERVICE"
    )


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Make a folder that everyone may look into, and only its owner write to."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent, "folder")
        folder.mkdir()
        for each in (Path(parent), folder):
            each.chmod(0o755)
        yield folder


@ROOT_ONLY
def test_a_folder_that_this_user_cannot_write_to_is_named(open_folder: Path) -> None:
    path = open_folder / "p.sock"
    with as_nobody():
        message = refusal(UnixAddress(str(path)))

    assert message == (
        f"cannot listen on unix:{path}: Permission denied; choose another --listen unix:PATH"
    )


@ROOT_ONLY
def test_a_stale_file_of_someone_else_is_named(open_folder: Path) -> None:
    path = open_folder / "p.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    path.chmod(0o666)
    with as_nobody():
        message = refusal(UnixAddress(str(path)))

    assert message == (
        f"cannot take over {path}: Permission denied; remove it, or choose another "
        "--listen unix:PATH"
    )


def test_a_path_that_no_socket_can_have_is_named(tmp_path: Path) -> None:
    message = refusal(UnixAddress(str(tmp_path / ("p" * 107))))

    assert "path too long; choose another --listen unix:PATH" in message


def test_where_one_address_cannot_be_had_none_is_left_open(tmp_path: Path) -> None:
    path = tmp_path / "p.sock"
    with opened(FREE) as (taken,):
        with opened(FREE) as (free,):
            pass
        refusal(UnixAddress(str(path)), free.address, taken.address)

        assert not path.exists()
        with opened(free.address):
            pass


def test_a_unix_socket_has_the_mode_it_was_given_and_is_gone_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "p.sock"
    with open_listeners([UnixAddress(str(path))], SocketAccess(0o660, None)) as (listener,):
        assert path.stat().st_mode & 0o777 == 0o660
        connect(listener).close()
    assert not path.exists()


def test_a_relative_path_is_named_absolutely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with opened(UnixAddress("p.sock")) as (listener,):
        assert listener.address == UnixAddress(str(tmp_path / "p.sock"))


def test_a_stale_socket_file_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    address = UnixAddress(str(tmp_path / "p.sock"))
    with closing(socket.socket(socket.AF_UNIX)) as stale:
        stale.bind(address.path)
    with opened(address) as (listener,):
        assert "a server is listening" in refusal(address)
        connect(listener).close()


def test_a_file_that_replaced_ours_stays(tmp_path: Path) -> None:
    address = UnixAddress(str(tmp_path / "p.sock"))
    with opened(address) as (ours,):
        ours.sock.close()
        Path(address.path).unlink()
        with closing(socket.socket(socket.AF_UNIX)) as theirs:
            theirs.bind(address.path)
    assert Path(address.path).exists()


def test_a_file_that_is_gone_already_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "p.sock"
    with opened(UnixAddress(str(path))):
        path.unlink()


def test_an_inherited_socket_takes_what_comes_to_its_address() -> None:
    with opened(FREE) as (parents,):
        workers = inherited_listener(os.dup(parents.sock.fileno()), parents.address)
        with workers.sock:
            assert workers.address == parents.address
            assert not workers.sock.get_inheritable()
            with pytest.raises(BlockingIOError):
                workers.sock.accept()
            with socket.create_connection(parents.sock.getsockname()):
                accepted, _ = workers.sock.accept()
                accepted.close()
