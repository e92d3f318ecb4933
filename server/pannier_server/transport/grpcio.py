"""grpcio's asyncio server as a transport."""

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import grpc

from pannier_server.config import ListenAddress, Settings, TcpAddress, UnixAddress
from pannier_server.transport.interface import max_message_bytes
from pannier_server.transport.sockets import (
    ListenError,
    SocketFile,
    creating_unix_socket,
    remove_unix_socket,
    socket_access,
    socket_file,
)
from pannier_server.transport.tls import read_pem, tls_context

# What stands for "never" in grpcio's options, which are milliseconds.
_NEVER = 2**31 - 1


class GrpcioServer:
    """A gRPC server on any number of TCP addresses and Unix sockets.

    Attributes:
        grpc: Where services are registered.
    """

    def __init__(self, settings: Settings) -> None:
        """Make a server that has no services and listens nowhere yet.

        With more than one worker in the settings, it lets the others listen on the
        same TCP ports (SO_REUSEPORT).

        Raises:
            SettingsError: A TLS file or the sockets' group cannot be used.
        """
        self._access = socket_access(settings)
        self._settings = settings
        self._certificates = _certificates(settings)
        self.grpc = grpc.aio.server(options=_options(settings))
        self._sockets: list[tuple[Path, SocketFile]] = []

    async def start(self, addresses: Sequence[ListenAddress]) -> tuple[ListenAddress, ...]:
        """Listen on the addresses, and return them with the ports that were chosen.

        Raises:
            ListenError: One of them cannot be had.
        """
        try:
            bound = tuple(self._bind(address) for address in addresses)
        except ListenError:
            self._remove_sockets()
            raise
        await self.grpc.start()
        return bound

    async def reload_tls(self) -> None:
        """Read the TLS files again, for connections that come from now on.

        Raises:
            SettingsError: One cannot be used; what was read before stays in use.
        """
        self._certificates = await asyncio.to_thread(_certificates, self._settings)

    async def stop(self, grace: float) -> None:
        """Stop accepting, let running calls finish for ``grace`` seconds, and end."""
        await self.grpc.stop(grace)
        self._remove_sockets()

    def _remove_sockets(self) -> None:
        for path, file in self._sockets:
            remove_unix_socket(path, file)
        self._sockets.clear()

    def _bind(self, address: ListenAddress) -> ListenAddress:
        if isinstance(address, UnixAddress):
            return self._bind_unix(address)
        return self._bind_tcp(address)

    def _bind_unix(self, address: UnixAddress) -> UnixAddress:
        path = Path(address.path).absolute()
        with creating_unix_socket(path, self._access):
            self._add_port(f"unix:{path}", str(address), None)
        self._sockets.append((path, socket_file(path)))
        return UnixAddress(str(path))

    def _bind_tcp(self, address: TcpAddress) -> TcpAddress:
        port = self._add_port(str(address), str(address), self._credentials())
        return TcpAddress(address.host, port)

    def _credentials(self) -> grpc.ServerCredentials | None:
        """Return the TLS of one port, which asks before each handshake for newer files."""
        given = self._certificates
        if given is None:
            return None

        def newer() -> grpc.ServerCertificateConfiguration | None:
            nonlocal given
            if given is self._certificates:
                return None
            given = self._certificates
            return given

        return grpc.dynamic_ssl_server_credentials(
            given,
            # None says that there is nothing newer.
            newer,  # type: ignore[arg-type]
            require_client_authentication=self._settings.tls_client_ca is not None,
        )

    def _add_port(self, target: str, shown: str, credentials: grpc.ServerCredentials | None) -> int:
        try:
            if credentials:
                return self.grpc.add_secure_port(target, credentials)
            return self.grpc.add_insecure_port(target)
        except RuntimeError:
            raise ListenError(f"cannot listen on {shown}: {_reason(shown)}") from None


def _options(settings: Settings) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", int(settings.workers > 1)),
        ("grpc.max_receive_message_length", max_message_bytes(settings.max_data_bytes)),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_connection_idle_ms", _milliseconds(settings.max_connection_idle)),
        ("grpc.max_connection_age_ms", _milliseconds(settings.max_connection_age)),
        ("grpc.keepalive_time_ms", _milliseconds(settings.keepalive_time)),
        ("grpc.keepalive_timeout_ms", _milliseconds(settings.keepalive_timeout)),
        # Without this one, an unanswered ping ends a connection only after a minute.
        ("grpc.http2.ping_timeout_ms", _milliseconds(settings.keepalive_timeout)),
        # Either side may ask over an idle connection, a client each 10 s.
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ]


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000) or _NEVER


def _certificates(settings: Settings) -> grpc.ServerCertificateConfiguration | None:
    # grpcio does not say what is wrong with a file; Python's ssl does.
    if tls_context(settings) is None:
        return None
    key, cert = read_pem(settings, "tls_key"), read_pem(settings, "tls_cert")
    client_ca = read_pem(settings, "tls_client_ca") if settings.tls_client_ca else None
    return grpc.ssl_server_certificate_configuration([(key, cert)], client_ca)


def _reason(shown: str) -> str:
    """Say why an address cannot be had; grpcio itself only writes it to its log."""
    host, _, port = shown.rpartition(":")
    host = host.strip("[]")
    if host == "unix":
        return "check the folder's permissions"
    with suppress(OSError), socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        error = s.connect_ex((host, int(port)))
        if not error:
            return "another process listens there; stop it, or choose another --listen"
        return f"{os.strerror(error)}; choose another --listen"
    return "it is no address of this machine; choose another --listen"
