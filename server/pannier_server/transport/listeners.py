"""Sockets that listen, on TCP addresses and as Unix socket files."""

import errno
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pannier_server.config.addresses import ListenAddress, TcpAddress, UnixAddress
from pannier_server.transport.sockets import (
    ListenError,
    SocketAccess,
    creating_unix_socket,
    remove_unix_socket,
    socket_file,
)

BACKLOG = 1024
"""Connections that may wait to be accepted; Linux lowers it to net.core.somaxconn."""

# A name may stand for addresses that this machine lacks (localhost without IPv6).
_NOT_HERE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that listens.

    Attributes:
        sock: Bound, listening and non-blocking.
        address: Where it listens, with the port that was chosen or the absolute path.
    """

    sock: socket.socket
    address: ListenAddress


@contextmanager
def open_listeners(
    addresses: Sequence[ListenAddress], access: SocketAccess
) -> Iterator[tuple[Listener, ...]]:
    """Listen on the addresses for the body of a ``with``.

    A host name gets a socket for each of its IP addresses, with one port for all.
    At the end the sockets are closed and the Unix sockets' files removed, except for
    those that another server has replaced meanwhile.

    Args:
        addresses: Where to listen. Port 0 stands for one that the system chooses.
        access: Who may connect to the Unix sockets.

    Raises:
        ListenError: One of them cannot be had; none is left open then.
    """
    with ExitStack() as stack:
        opened: list[Listener] = []
        for address in addresses:
            if isinstance(address, UnixAddress):
                opened.append(stack.enter_context(_unix_listener(address, access)))
            else:
                opened += _tcp_listeners(address, stack)
        yield tuple(opened)


def inherited_listener(descriptor: int, address: ListenAddress) -> Listener:
    """Return the socket that the parent process listens on, and shares with this one.

    Args:
        descriptor: Its number, which is the same in both processes.
        address: Where it listens.
    """
    sock = socket.socket(fileno=descriptor)
    sock.set_inheritable(False)
    sock.settimeout(0)
    return Listener(sock, address)


def addresses_of(listeners: Sequence[Listener]) -> tuple[ListenAddress, ...]:
    """Return each address once, although a host name may have several sockets."""
    return tuple(dict.fromkeys(listener.address for listener in listeners))


@contextmanager
def _unix_listener(address: UnixAddress, access: SocketAccess) -> Iterator[Listener]:
    path = Path(address.path).absolute()
    with socket.socket(socket.AF_UNIX) as sock:
        with creating_unix_socket(path, access):
            _listen(sock, str(path), address)
        file = socket_file(path)
        try:
            yield Listener(sock, UnixAddress(str(path)))
        finally:
            remove_unix_socket(path, file)


def _tcp_listeners(address: TcpAddress, stack: ExitStack) -> list[Listener]:
    """Open a socket for each IP address of the host, and leave their end to the stack."""
    opened: list[Listener] = []
    missing: ListenError | None = None
    port = address.port
    for family, (host, _, *rest) in _resolve(address):
        try:
            sock = stack.enter_context(_tcp_socket(family, (host, port, *rest), address))
        except _NotHereError as error:
            missing = error
            continue
        port = sock.getsockname()[1]
        opened.append(Listener(sock, TcpAddress(address.host, port)))
    if missing and not opened:
        raise missing
    return opened


@contextmanager
def _tcp_socket(
    family: int, target: tuple[Any, ...], address: TcpAddress
) -> Iterator[socket.socket]:
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise _refusal(error, address) from None
    with sock:
        # Without it a port stays taken for a minute after its server has ended.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # [::] stands for all of IPv4 too, whatever the system's default.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        _listen(sock, target, address)
        yield sock


def _resolve(address: TcpAddress) -> list[tuple[int, tuple[Any, ...]]]:
    try:
        found = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        raise _refusal(error, address) from None
    # /etc/hosts may name the same one twice.
    return list(dict.fromkeys((family, target) for family, _, _, _, target in found))


def _listen(sock: socket.socket, target: str | tuple[Any, ...], address: ListenAddress) -> None:
    try:
        sock.settimeout(0)
        sock.bind(target)
        sock.listen(BACKLOG)
    except OSError as error:
        raise _refusal(error, address) from None


class _NotHereError(ListenError):
    """The address is none of this machine's."""


def _refusal(error: OSError | UnicodeError, address: ListenAddress) -> ListenError:
    shown = f"cannot listen on {address}"
    if isinstance(error, socket.gaierror | UnicodeError) or error.errno in _NOT_HERE:
        return _NotHereError(f"{shown}: it is no address of this machine; choose another --listen")
    reason = error.strerror or str(error)
    if isinstance(address, UnixAddress):
        return ListenError(f"{shown}: {reason}; choose another --listen unix:PATH")
    if error.errno == errno.EADDRINUSE:
        reason = "another process listens there; stop it, or"
        return ListenError(f"{shown}: {reason} choose another --listen")
    if error.errno == errno.EACCES:
        return ListenError(
            f"{shown}: this user may not have port {address.port}; choose one from 1024 on with "
            "--listen, or give the process CAP_NET_BIND_SERVICE"
        )
    return ListenError(f"{shown}: {reason}; choose another --listen")
