"""Who answers at an address: nobody, a sidecar, or someone else."""

import socket
import ssl
from pathlib import Path

from pannier_server.config import Settings, TcpAddress, UnixAddress
from pannier_server.config.addresses import parse_listen_address
from pannier_server.doctor.certificates import first_certificate
from pannier_server.doctor.health_check import HealthAnswer, ask_health

_READY = "pannier.v1.StorageBackend"

TIMEOUT = 3.0
"""Seconds for each question."""


def is_listening(address: str) -> bool:
    """Return whether anything listens at an address.

    Raises:
        ValueError: It is no address.
    """
    parsed = parse_listen_address(address)
    try:
        if isinstance(parsed, UnixAddress):
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(TIMEOUT)
                probe.connect(parsed.path)
        else:
            socket.create_connection((parsed.host, parsed.port), TIMEOUT).close()
    except OSError:
        return False
    return True


def ask(address: str) -> HealthAnswer:
    """Return what a sidecar without TLS says of itself.

    Raises:
        grpc.RpcError: It refuses, or does not answer in time.
        ValueError: It is no address.
    """
    return ask_health(address, _READY, timeout=TIMEOUT)


def sidecar_at(address: str) -> HealthAnswer | None:
    """Return what the sidecar at an address says of itself, None where there is no plain one."""
    import grpc

    try:
        return ask(address)
    except (grpc.RpcError, ValueError):
        return None


def shows_own_certificate(address: str, settings: Settings) -> bool:
    """Return whether what listens at an address shows the certificate that the settings name."""
    parsed = parse_listen_address(address)
    if settings.tls_cert is None or not isinstance(parsed, TcpAddress):
        return False
    try:
        own = first_certificate(Path(settings.tls_cert).read_text(encoding="latin-1"))
        return _certificate_at(parsed) == own
    except (OSError, ValueError):
        return False


def _certificate_at(address: TcpAddress) -> bytes | None:
    """Return the certificate that a server shows, in DER; whether it is trusted is no matter."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection((address.host, address.port), TIMEOUT) as connection,
        context.wrap_socket(connection) as secured,
    ):
        return secured.getpeercert(binary_form=True)
