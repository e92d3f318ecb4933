"""TLS of the TCP addresses: the server's certificate, and whose clients must show.

Unix sockets stay plain: their file's mode and group say who may connect.
"""

import ssl
from pathlib import Path

from pannier_server.config import Settings, SettingsError

# RFC 9113, appendix A, prohibits the other ciphers of TLS 1.2. Those of TLS 1.3 are all fine.
_TLS_1_2_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """Return what a server needs to speak TLS as HTTP/2 wants it (RFC 9113, section 9.2).

    None where the settings name no certificate.

    Raises:
        SettingsError: A file cannot be used; the message names its flag and the fix.
    """
    if settings.tls_cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_ciphers(_TLS_1_2_CIPHERS)
    context.set_alpn_protocols(["h2"])
    _load_certificate(context, settings)
    if settings.tls_client_ca is not None:
        _load_authorities(context, settings, "tls_client_ca")
        context.verify_mode = ssl.CERT_REQUIRED
        # An intermediate authority is enough: the file need not reach up to the root.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        # A session that is resumed is not asked for a certificate, which may have expired.
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
    return context


def read_pem(settings: Settings, setting: str) -> bytes:
    """Return what the file holds that a setting names.

    Raises:
        SettingsError: It cannot be read.
    """
    path = getattr(settings, setting)
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise settings.error(
            setting,
            f"cannot read {path}: {error.strerror}; name a PEM file that this user can read",
        ) from None


class _KeyIsEncrypted(Exception):
    pass


def _load_certificate(context: ssl.SSLContext, settings: Settings) -> None:
    cert, key = settings.tls_cert, settings.tls_key
    assert cert is not None
    # OpenSSL has one error for whatever is wrong with either file, so the certificate
    # is looked at alone first.
    _load_authorities(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), settings, "tls_cert")
    read_pem(settings, "tls_key")
    try:
        context.load_cert_chain(cert, key, _refuse_password)
    except _KeyIsEncrypted:
        raise settings.error(
            "tls_key",
            f"{key} is encrypted; name a key without a passphrase "
            "(openssl pkey -in KEY -out PLAIN_KEY)",
        ) from None
    except ssl.SSLError as error:
        raise _pair_error(settings, error) from None


def _refuse_password() -> str:
    """Stand in for OpenSSL's own callback, which would ask on the terminal."""
    raise _KeyIsEncrypted


def _pair_error(settings: Settings, error: ssl.SSLError) -> SettingsError:
    cert, key = settings.tls_cert, settings.tls_key
    # A key of another algorithm than the certificate's counts as having none.
    if error.reason in {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"}:
        return settings.error(
            "tls_key",
            f"{key} is not the key of the first certificate in {cert}; name the two that were "
            "made together (--tls-cert, --tls-key)",
        )
    if not error.reason:
        return settings.error(
            "tls_key",
            f"{key} holds no private key in PEM; name the file with a BEGIN PRIVATE KEY line",
        )
    reason = error.reason.lower().replace("_", " ")
    return settings.error("tls_cert", f"{cert} cannot be used ({reason}); have another issued")


def _load_authorities(context: ssl.SSLContext, settings: Settings, setting: str) -> None:
    read_pem(settings, setting)
    path = getattr(settings, setting)
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise settings.error(
            setting,
            f"{path} holds no certificate in PEM, or a damaged one; name the file with "
            "BEGIN CERTIFICATE lines",
        ) from None
