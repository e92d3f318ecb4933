"""Where the sidecar listens: Unix sockets and TCP addresses."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

MAX_UNIX_PATH_BYTES = 107
"""What ``sun_path`` holds on Linux beside its final zero byte (unix(7))."""

_WILDCARDS = {str(IPv4Address(0)), str(IPv6Address(0))}

_FORMS = "write unix:/path/to.sock, 127.0.0.1:50051 or [::1]:50051"


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """A Unix socket.

    Attributes:
        path: The socket's file.
    """

    path: str

    def __str__(self) -> str:
        """Return the address as it is written in settings."""
        return f"unix:{self.path}"

    @property
    def is_local(self) -> bool:
        """True: only this machine reaches it."""
        return True


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A TCP address.

    Attributes:
        host: A host name, or an IP address without brackets.
        port: From 0 (the system picks a free one) to 65,535.
    """

    host: str
    port: int

    def __str__(self) -> str:
        """Return the address as it is written in settings."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether the host is a loopback literal or ``localhost``; names are not resolved."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def covers(self, other: "TcpAddress") -> bool:
        """Whether this one stands for all of a machine's addresses, ``other`` among them.

        ``[::]`` stands for those of IPv4 too.
        """
        is_one_port = self.port == other.port and self.port != 0
        if not is_one_port or self.host not in _WILDCARDS:
            return False
        return self.host == "::" or ":" not in other.host


ListenAddress = UnixAddress | TcpAddress


def parse_listen_address(text: str) -> ListenAddress:
    """Return the address that ``unix:PATH`` or ``HOST:PORT`` names.

    Raises:
        ValueError: It is neither.
    """
    stripped = text.strip()
    if stripped.startswith("unix:"):
        return _parse_unix(stripped.removeprefix("unix:"))
    return _parse_tcp(stripped)


def _parse_unix(location: str) -> UnixAddress:
    # gRPC's own name syntax also has unix:///absolute/path.
    path = location.removeprefix("//")
    if location.startswith("//") and not path.startswith("/"):
        raise ValueError(f"'unix:{location}' has no absolute path after //; {_FORMS}")
    if path.startswith("~/"):
        path = str(Path(path).expanduser())
    if not path or "\0" in path:
        raise ValueError(f"'unix:{location}' has no path; {_FORMS}")
    return UnixAddress(path)


def _parse_tcp(text: str) -> TcpAddress:
    host, colon, port = text.rpartition(":")
    if not colon:
        lacks = "host" if text.isdigit() else "port"
        raise ValueError(f"{text!r} has no {lacks}; {_FORMS}" if text else f"it is empty; {_FORMS}")
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65_535):
        raise ValueError(f"{text!r} has no port from 0 to 65535; {_FORMS}")
    return TcpAddress(_parse_host(host, text), int(port))


def _parse_host(host: str, text: str) -> str:
    if not host:
        raise ValueError(f"{text!r} has no host; write 127.0.0.1:{text.removeprefix(':')}")
    if host.startswith("[") and host.endswith("]"):
        return _parse_ipv6(host[1:-1], text)
    if ":" in host:
        raise ValueError(f"{text!r} is ambiguous; {_FORMS}")
    if "/" in host or any(character.isspace() for character in host):
        raise ValueError(f"{text!r} is no address; {_FORMS}")
    return host.lower()


def _parse_ipv6(host: str, text: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        address = None
    if address is None or address.version != 6:
        raise ValueError(f"{text!r} has no IPv6 address in its brackets; {_FORMS}")
    return str(address)
