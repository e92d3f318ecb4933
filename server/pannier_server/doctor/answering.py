"""Who answers at an address: nobody, a sidecar, or someone else."""

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from pannier_server.config import ListenAddress, Settings, TcpAddress, UnixAddress
from pannier_server.config.addresses import parse_listen_address
from pannier_server.doctor.certificates import first_certificate
from pannier_server.health_call import CallFailed, NotGrpc, call_health
from pannier_server.rpc import CODE_NAMES
from pannier_server.service.health import TRANSPORT_METADATA, VERSION_METADATA

_READY = "pannier.v1.StorageBackend"

TIMEOUT = 3.0
"""Seconds for each question."""


@dataclass(frozen=True, slots=True)
class Health:
    """What a sidecar says of itself.

    Attributes:
        status: ``SERVING``, ``NOT_SERVING`` or another name of the standard's.
        version: Its version; empty where it does not tell.
        transport: Its transport; empty where it does not tell.
    """

    status: str
    version: str
    transport: str


class NoHealth(Exception):
    """What listens does not tell its health to a plain connection; says what it does instead."""


def is_listening(address: str) -> bool:
    """Return whether anything listens at an address.

    Raises:
        ValueError: It is no address.
    """
    parsed = parse_listen_address(address)
    try:
        _connect(parsed).close()
    except OSError:
        return False
    return True


def ask(address: str) -> Health:
    """Return what a sidecar without TLS says of itself (grpc.health.v1).

    Raises:
        NoHealth: It does not say that.
        ValueError: It is no address.
    """
    parsed = parse_listen_address(address)
    authority = "localhost" if isinstance(parsed, UnixAddress) else str(parsed)
    try:
        with _connect(parsed) as connection:
            answer = call_health(connection, _READY, authority=authority, timeout=TIMEOUT)
            about = answer.metadata()
    except CallFailed as error:
        raise NoHealth(f"answers {CODE_NAMES.get(error.code, error.code)}") from None
    except NotGrpc:
        raise NoHealth("does not speak gRPC") from None
    except TimeoutError:
        raise NoHealth("says nothing") from None
    except OSError:
        raise NoHealth("breaks the connection off") from None
    return Health(answer.status, about.get(VERSION_METADATA, ""), about.get(TRANSPORT_METADATA, ""))


def is_sidecar(address: str) -> bool:
    """Return whether a sidecar without TLS is at an address.

    Raises:
        ValueError: It is no address.
    """
    try:
        ask(address)
    except NoHealth:
        return False
    return True


def _connect(address: ListenAddress) -> socket.socket:
    if isinstance(address, TcpAddress):
        return socket.create_connection((address.host, address.port), TIMEOUT)
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(TIMEOUT)
        connection.connect(address.path)
    except BaseException:
        connection.close()
        raise
    return connection


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
