"""Who is at the other end of a connection."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

COMMON_NAME: Final = "x509_common_name"
ALTERNATIVE_NAME: Final = "x509_subject_alternative_name"
USER: Final = "peer_uid"

# As gRPC names them, and as the ssl module does.
_KINDS: Final = {"peer_dns": "DNS", "peer_uri": "URI", "peer_email": "email"}

# A ucred of unix(7): process, user and group.
_CREDENTIALS: Final = struct.Struct("iII")


def peer_name(transport: asyncio.BaseTransport) -> str:
    """Return a peer's address as gRPC writes it: ``ipv4:1.2.3.4:5`` or ``unix:``."""
    address = transport.get_extra_info("peername")
    if isinstance(address, tuple):
        host, port = address[:2]
        return f"ipv6:[{host}]:{port}" if ":" in host else f"ipv4:{host}:{port}"
    return f"unix:{address or ''}"


def auth_context(transport: asyncio.BaseTransport) -> Mapping[str, Sequence[bytes]]:
    """Return what the peer's certificate says, under the names that gRPC uses.

    Without a certificate only the kind of transport security. Without TLS it is empty, but
    for the number of the peer's user where it comes by Unix socket.
    """
    tls = transport.get_extra_info("ssl_object")
    if tls is None:
        sock = transport.get_extra_info("socket")
        user = None if sock is None else peer_user(sock)
        return {} if user is None else {USER: (b"%d" % user,)}
    context: dict[str, Sequence[bytes]] = {"transport_security_type": (b"ssl",)}
    certificate = tls.getpeercert()
    if certificate:
        context[COMMON_NAME] = tuple(_common_names(certificate))
        alternatives = certificate.get("subjectAltName", ())
        context[ALTERNATIVE_NAME] = tuple(str(name).encode() for _, name in alternatives)
        for key, kind in _KINDS.items():
            context[key] = tuple(str(name).encode() for one, name in alternatives if one == kind)
        der = tls.getpeercert(binary_form=True)
        context["x509_pem_cert"] = (ssl.DER_cert_to_PEM_cert(der).encode(),)
    return context


def peer_user(sock: socket.socket) -> int | None:
    """Return the number of the user who connected a Unix socket; None where it is not known.

    It is the user at the time of connect(2), as this process's user namespace numbers it.
    """
    if sock.family != socket.AF_UNIX or not hasattr(socket, "SO_PEERCRED"):
        return None
    found = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    user: int = _CREDENTIALS.unpack(found)[1]
    return user


def identity_key(context: Mapping[str, Sequence[bytes]]) -> str | None:
    """Return under which name the peer's identities stand; None where it has none."""
    for key in (ALTERNATIVE_NAME, COMMON_NAME):
        if context.get(key):
            return key
    return None


def _common_names(certificate: Mapping[str, Any]) -> Iterable[bytes]:
    for parts in certificate.get("subject", ()):
        for key, value in parts:
            if key == "commonName":
                yield str(value).encode()
