"""Who is at the other end of a connection."""

import asyncio
import ssl
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

COMMON_NAME: Final = "x509_common_name"
ALTERNATIVE_NAME: Final = "x509_subject_alternative_name"


def peer_name(transport: asyncio.BaseTransport) -> str:
    """Return a peer's address as gRPC writes it: ``ipv4:1.2.3.4:5`` or ``unix:``."""
    address = transport.get_extra_info("peername")
    if isinstance(address, tuple):
        host, port = address[:2]
        return f"ipv6:[{host}]:{port}" if ":" in host else f"ipv4:{host}:{port}"
    return f"unix:{address or ''}"


def auth_context(transport: asyncio.BaseTransport) -> Mapping[str, Sequence[bytes]]:
    """Return what the peer's certificate says, under the names that gRPC uses.

    Empty without TLS; without a certificate only the kind of transport security.
    """
    tls = transport.get_extra_info("ssl_object")
    if tls is None:
        return {}
    context: dict[str, Sequence[bytes]] = {"transport_security_type": (b"ssl",)}
    certificate = tls.getpeercert()
    if certificate:
        context[COMMON_NAME] = tuple(_common_names(certificate))
        context[ALTERNATIVE_NAME] = tuple(
            str(name).encode() for _, name in certificate.get("subjectAltName", ())
        )
        der = tls.getpeercert(binary_form=True)
        context["x509_pem_cert"] = (ssl.DER_cert_to_PEM_cert(der).encode(),)
    return context


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
