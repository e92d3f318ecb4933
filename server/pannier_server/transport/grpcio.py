"""grpcio's asyncio server as a transport."""

import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import grpc

from pannier_server.config.addresses import ListenAddress, TcpAddress, UnixAddress
from pannier_server.transport.sockets import (
    ListenError,
    SocketAccess,
    creating_unix_socket,
    remove_unix_socket,
)

# Beside a call's data: its key, ids and framing.
_MESSAGE_OVERHEAD_BYTES = 64 * 1024
# Data that is somewhat too large still gets our typed error, not the runtime's.
_MIN_MESSAGE_BYTES = 16 * 1024 * 1024


class GrpcioServer:
    """A gRPC server on any number of TCP addresses and Unix sockets."""

    def __init__(self, *, max_data_bytes: int, share_ports: bool, access: SocketAccess) -> None:
        """Make a server that has no services and listens nowhere yet.

        Args:
            max_data_bytes: The largest data of one record.
            share_ports: Let other processes listen on the same TCP ports
                (SO_REUSEPORT).
            access: Who may connect to its Unix sockets.
        """
        receive = max(2 * max_data_bytes + _MESSAGE_OVERHEAD_BYTES, _MIN_MESSAGE_BYTES)
        self.grpc = grpc.aio.server(
            options=[
                ("grpc.so_reuseport", int(share_ports)),
                ("grpc.max_receive_message_length", receive),
                ("grpc.max_send_message_length", -1),
                # A client may keep an idle connection alive by a ping each 10 s.
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
            ]
        )
        self._share_ports = share_ports
        self._access = access
        self._sockets: list[tuple[Path, int]] = []

    async def start(self, addresses: Sequence[ListenAddress]) -> tuple[ListenAddress, ...]:
        """Listen on the addresses, and return them with the ports that were chosen.

        Raises:
            ListenError: One of them cannot be had.
        """
        bound = tuple(self._bind(address) for address in addresses)
        await self.grpc.start()
        return bound

    async def stop(self, grace: float) -> None:
        """Stop accepting, let running calls finish for ``grace`` seconds, and end."""
        await self.grpc.stop(grace)
        for path, inode in self._sockets:
            remove_unix_socket(path, inode)
        self._sockets.clear()

    def _bind(self, address: ListenAddress) -> ListenAddress:
        if isinstance(address, UnixAddress):
            return self._bind_unix(address)
        return self._bind_tcp(address)

    def _bind_unix(self, address: UnixAddress) -> UnixAddress:
        path = Path(address.path).absolute()
        with creating_unix_socket(path, self._access):
            self._add_port(f"unix:{path}", str(address))
        self._sockets.append((path, path.stat().st_ino))
        return UnixAddress(str(path))

    def _bind_tcp(self, address: TcpAddress) -> TcpAddress:
        port = self._add_port(str(address), str(address))
        return TcpAddress(address.host, port)

    def _add_port(self, target: str, shown: str) -> int:
        try:
            return self.grpc.add_insecure_port(target)
        except RuntimeError:
            raise ListenError(f"cannot listen on {shown}: {_reason(shown)}") from None


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
