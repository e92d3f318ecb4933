"""Which transport a name in the settings stands for."""

from collections.abc import Sequence

from pannier_server.config import Settings
from pannier_server.transport.interface import Transport
from pannier_server.transport.listeners import Listener


def create_transport(settings: Settings, listeners: Sequence[Listener] = ()) -> Transport:
    """Return the transport that ``settings.transport`` names; it listens nowhere yet.

    Args:
        settings: What the sidecar is told.
        listeners: Sockets that the parent process has opened for several workers;
            only ``h2`` can take some. Empty where it is to open its own.

    Raises:
        SettingsError: A TLS file or the sockets' group cannot be used.
    """
    # Each brings imports of its own, so only the chosen one is loaded.
    if settings.transport == "h2":
        from pannier_server.transport.h2_sidecar import H2Server

        return H2Server(settings, listeners)
    from pannier_server.transport.grpcio import GrpcioServer

    return GrpcioServer(settings)
