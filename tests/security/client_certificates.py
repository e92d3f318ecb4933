"""Certificates of clients with whatever names a test wants, from an authority of its own."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import grpc
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_KINDS: dict[str, type[x509.DNSName | x509.UniformResourceIdentifier | x509.RFC822Name]] = {
    "dns": x509.DNSName,
    "uri": x509.UniformResourceIdentifier,
    "email": x509.RFC822Name,
}
_FORMAT = serialization.PrivateFormat.PKCS8
_PLAIN = serialization.NoEncryption()


def issue(
    authority: trustme.CA, *names: str, expires_in: timedelta = timedelta(days=1)
) -> tuple[bytes, bytes]:
    """Return a key and a certificate in PEM.

    Args:
        authority: Who signs it.
        names: As they stand in auth files: ``dns:NAME``, ``cn:NAME``.
        expires_in: Negative where it has expired.
    """
    signer = serialization.load_pem_private_key(authority.private_key_pem.bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    issuer = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    own = ec.generate_private_key(ec.SECP256R1())
    end = datetime.now(UTC) + expires_in
    common_names = [name.removeprefix("cn:") for name in names if name.startswith("cn:")]
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n) for n in common_names]))
        .issuer_name(issuer.subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(end, datetime.now(UTC)) - timedelta(days=1))
        .not_valid_after(end)
    )
    alternatives = _alternatives(names)
    if alternatives:
        builder = builder.add_extension(
            x509.SubjectAlternativeName(alternatives), critical=not common_names
        )
    certificate = builder.sign(signer, hashes.SHA256())
    key = own.private_bytes(serialization.Encoding.PEM, _FORMAT, _PLAIN)
    return key, certificate.public_bytes(serialization.Encoding.PEM)


def _alternatives(names: Sequence[str]) -> list[x509.GeneralName]:
    parted = (name.partition(":") for name in names)
    return [_KINDS[kind](name) for kind, _, name in parted if kind in _KINDS]


def credentials(server_ca: bytes, own: tuple[bytes, bytes] | None) -> grpc.ChannelCredentials:
    """Return what a client shows and trusts."""
    key, certificate = own or (None, None)
    return grpc.ssl_channel_credentials(server_ca, key, certificate)
