"""TLS for a health check, with the files that the other commands use for theirs."""

import socket
import ssl
from pathlib import Path

from pannier_server.cli.credentials import TlsFiles
from pannier_server.cli.exit_codes import CommandFailed


def secured(connection: socket.socket, files: TlsFiles, authority: str) -> ssl.SSLSocket:
    """Return the connection with TLS, to a server whose certificate is for its address.

    Raises:
        CommandFailed: A file cannot be used, or the server's certificate is not trusted.
        OSError: The connection broke.
    """
    context = _context(files)
    host = authority.rpartition(":")[0].strip("[]")
    try:
        return context.wrap_socket(connection, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raise CommandFailed(
            f"the certificate of {authority} is not trusted: {error.verify_message}"
        ) from None


def _context(files: TlsFiles) -> ssl.SSLContext:
    # It trusts the authority in the file alone, and none of the machine's.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["h2"])
    try:
        context.load_verify_locations(Path(files.ca).expanduser())
        if files.cert and files.key:
            chain, key = Path(files.cert).expanduser(), Path(files.key).expanduser()
            context.load_cert_chain(chain, key, _refuse_to_ask)
    except ssl.SSLError as error:
        raise CommandFailed(f"a file of TLS cannot be used: {error.reason or error}") from None
    except OSError as error:
        raise CommandFailed(f"cannot read a file of TLS: {error.strerror}") from None
    return context


def _refuse_to_ask() -> str:
    """Stand for the password of an encrypted key; OpenSSL would ask the terminal for one."""
    return ""
