"""What the app needs of a transport, and the limit that every one keeps."""

from collections.abc import Sequence
from typing import Any, Protocol

from pannier_server.config import ListenAddress

MESSAGE_OVERHEAD_BYTES = 64 * 1024
"""Room for what a message has beside a record's data: its key, ids and framing."""

# Data that is somewhat too large still gets our typed error, not the transport's. It is what
# gRPC servers take by default; much more would take the event loop some 10 ms to put together.
_MIN_MESSAGE_BYTES = 4 * 1024 * 1024


class Transport(Protocol):
    """A gRPC server on any number of TCP addresses and Unix sockets.

    Attributes:
        grpc: Where services are registered: a `pannier_server.rpc.Registry`. It has the two
            methods of ``grpc.aio.Server`` that generated code calls:
            ``add_generic_rpc_handlers`` and ``add_registered_method_handlers``.
    """

    grpc: Any

    async def start(self, addresses: Sequence[ListenAddress]) -> tuple[ListenAddress, ...]:
        """Listen on the addresses, and return them with the ports that were chosen.

        Raises:
            ListenError: One of them cannot be had.
        """
        ...

    async def reload_tls(self) -> None:
        """Read the TLS files again, for connections that come from now on.

        Raises:
            SettingsError: One cannot be used; what was read before stays in use.
        """
        ...

    async def stop(self, grace: float) -> None:
        """Stop accepting, let running calls finish for ``grace`` seconds, and end.

        It may be called again meanwhile, to end sooner.
        """
        ...


def max_message_bytes(max_data_bytes: int) -> int:
    """Return the largest request that a transport takes, for the largest data of a record."""
    return max(2 * max_data_bytes + MESSAGE_OVERHEAD_BYTES, _MIN_MESSAGE_BYTES)
