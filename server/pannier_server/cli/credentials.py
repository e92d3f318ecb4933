"""What a command shows to a secured sidecar: a token, and certificates for TLS.

A token never stands on the command line, where every user of the machine can read it.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pannier_server.cli.exit_codes import CommandFailed, ExitCode

if TYPE_CHECKING:
    from argparse import Namespace, _ArgumentGroup

    import grpc

TOKEN_VARIABLE = "PANNIER_TOKEN"  # noqa: S105 (its name, not a token)
"""Holds the token where ``--token-file`` does not."""


class TlsFiles(NamedTuple):
    """Files in PEM to speak TLS with.

    Attributes:
        ca: The authority of the sidecar's certificate.
        cert: The caller's own certificate; None where it shows none.
        key: Its private key; there where the certificate is.
    """

    ca: str
    cert: str | None
    key: str | None


def add_credential_arguments(group: "_ArgumentGroup") -> None:
    """Add what names a token and certificates."""
    group.add_argument(
        "--token-file",
        metavar="FILE",
        help=f"a file that holds your token (default: {TOKEN_VARIABLE}, else none)",
    )
    group.add_argument(
        "--tls-ca",
        metavar="FILE",
        help="speak TLS, with a sidecar whose certificate an authority in this file has signed, "
        "in PEM",
    )
    group.add_argument(
        "--tls-cert", metavar="FILE", help="your certificate, for a sidecar that asks for one"
    )
    group.add_argument("--tls-key", metavar="FILE", help="your certificate's private key")


def find_token(arguments: "Namespace") -> str | None:
    """Return the token to send; None where there is none.

    Raises:
        CommandFailed: The file cannot be read, or what is there cannot be a token.
    """
    path = arguments.token_file
    source = path or TOKEN_VARIABLE
    if path is None:
        token = os.environ.get(TOKEN_VARIABLE, "")
        if not token:
            return None
    else:
        token = _read(path).decode("latin-1")
    token = token.strip()
    # The client's own error might be shown with more than it should.
    if not (token and token.isascii() and token.isprintable()) or " " in token:
        raise CommandFailed(
            f"{source} holds no token; it is one line of letters and digits", ExitCode.USAGE
        )
    return token


def find_credentials(arguments: "Namespace", address: str) -> "grpc.ChannelCredentials | None":
    """Return the TLS to speak with an address; None for a plain connection.

    Raises:
        CommandFailed: A file cannot be read, or the arguments do not go together.
    """
    files = find_tls_files(arguments, address)
    if files is None:
        return None
    import grpc

    own = (_read(files.key), _read(files.cert)) if files.cert and files.key else (None, None)
    return grpc.ssl_channel_credentials(_read(files.ca), *own)


def find_tls_files(arguments: "Namespace", address: str) -> TlsFiles | None:
    """Return the files to speak TLS with an address; None for a plain connection.

    Raises:
        CommandFailed: The arguments do not go together.
    """
    ca, cert, key = arguments.tls_ca, arguments.tls_cert, arguments.tls_key
    if (cert is None) != (key is None):
        raise CommandFailed("--tls-cert and --tls-key go together; set both", ExitCode.USAGE)
    if ca is None:
        if cert is not None:
            raise CommandFailed(
                "--tls-cert needs TLS; set --tls-ca to the authority of the sidecar's certificate",
                ExitCode.USAGE,
            )
        return None
    if address.startswith("unix:"):
        raise CommandFailed(
            f"--tls-ca is for TCP addresses, and {address} is a Unix socket, which is plain; "
            "leave it out, or name another --address",
            ExitCode.USAGE,
        )
    return TlsFiles(ca, cert, key)


def _read(path: str) -> bytes:
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        raise CommandFailed(f"cannot read {path}: {error.strerror}") from None
