"""The sidecar that a command talks to, and what its errors mean for the exit code."""

import os
import re
import socket
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pannier_server.cli.credentials import (
    add_credential_arguments,
    find_credentials,
    find_token,
)
from pannier_server.cli.exit_codes import EXPLAINED, CommandFailed, ExitCode
from pannier_server.cli.parser import Parser
from pannier_server.units import parse_duration

if TYPE_CHECKING:
    from argparse import Namespace

    from pannier import PannierError, Store

ADDRESS_VARIABLE = "PANNIER_ADDRESS"
"""Names the sidecar where ``--address`` does not."""

DEFAULT_TIMEOUT = 10.0
"""Seconds that a command gives each of its calls."""

# Some of the addresses that are right for sure; the client knows about all the others.
_PLAIN_ADDRESS = re.compile(
    r"unix:/(?!/)[\x21-\x7e]{1,100}|[\w.-]+:(?:[1-9]\d{0,3}|[1-5]\d{4})", re.ASCII
)


def add_connection_arguments(parser: Parser) -> None:
    """Add what every command needs that talks to a sidecar."""
    group = parser.add_argument_group("connection")
    group.add_argument(
        "--address",
        metavar="ADDRESS",
        help=f"unix:PATH or HOST:PORT (default: {ADDRESS_VARIABLE}, else your default socket)",
    )
    group.add_argument(
        "--timeout",
        metavar="TIME",
        type=duration,
        default=DEFAULT_TIMEOUT,
        help="how long to wait for an answer (default: 10s)",
    )
    add_credential_arguments(group)
    parser.epilog = f"{parser.epilog or ''}\n{EXPLAINED}"


def duration(text: str) -> float:
    """Return a duration in seconds, for a parser's ``type``.

    Raises:
        ArgumentTypeError: It is none, or not above 0.
    """
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
    if not seconds:
        raise ArgumentTypeError("it must be above 0")
    return seconds


def utf8(text: str) -> str:
    """Return an argument that is valid text, for a parser's ``type``.

    Raises:
        ArgumentTypeError: Its bytes are no UTF-8.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ArgumentTypeError("it is not valid UTF-8") from None
    return text


def require_sidecar(arguments: "Namespace") -> None:
    """Return where `open_store` will find something to connect to.

    Raises:
        CommandFailed: Nothing listens at the address, or it cannot be spoken to from here.
    """
    _require_grpcio()
    find_sidecar(arguments)


@contextmanager
def open_store(arguments: "Namespace") -> Iterator["Store"]:
    """Connect to the sidecar for the body of a ``with``.

    Raises:
        CommandFailed: In place of what the client raises.
    """
    _require_grpcio()
    import pannier

    token = find_token(arguments)
    address = find_sidecar(arguments)
    credentials = find_credentials(arguments, address)
    # Enough for a connection that breaks.
    retries = pannier.RetryPolicy(max_attempts=3)
    try:
        with pannier.connect(
            address,
            timeout=arguments.timeout,
            retries=retries,
            credentials=credentials,
            token=token,
        ) as store:
            yield store
    except pannier.PannierError as error:
        raise CommandFailed(str(error), exit_code(error)) from None
    except ValueError as error:
        raise CommandFailed(str(error), ExitCode.USAGE) from None


def _require_grpcio() -> None:
    from pannier_server.installed import has_grpcio

    if not has_grpcio():
        raise CommandFailed(
            "this program has no grpcio, without which it cannot talk to a sidecar but for its "
            "health; the package pannier-server, which pip installs, has it",
            ExitCode.USAGE,
        )


def find_sidecar(arguments: "Namespace") -> str:
    """Return the sidecar's address after a look at whether anything listens there.

    A write that waits for a sidecar which is not there ends with an unknown outcome; so
    that is found out before, when nothing can have been written.

    Raises:
        CommandFailed: Nothing listens there, or it is no address.
    """
    address, connection = reach_sidecar(arguments)
    connection.close()
    return address


def reach_sidecar(arguments: "Namespace") -> tuple[str, socket.socket]:
    """Return the sidecar's address and a connection to it.

    Raises:
        CommandFailed: Nothing listens there, or it is no address.
    """
    address = _resolve(arguments.address or os.environ.get(ADDRESS_VARIABLE))
    try:
        return address, _connect(address, arguments.timeout)
    except PermissionError as error:
        raise CommandFailed(f"cannot use {address}: {error.strerror}") from None
    except OSError as error:
        raise CommandFailed(
            f"nothing listens at {address} ({error.strerror or error}); "
            "start a sidecar with 'pannier serve', or name another one with --address",
            ExitCode.TRY_AGAIN,
        ) from None


def _resolve(given: str | None) -> str:
    # Loading the client takes longer than a health check.
    if given and _PLAIN_ADDRESS.fullmatch(given):
        return given
    from pannier.addresses import grpc_target, resolve_address

    try:
        address = resolve_address(given)
        grpc_target(address)
    except ValueError as error:
        raise CommandFailed(str(error), ExitCode.USAGE) from None
    except OSError as error:
        raise CommandFailed(str(error)) from None
    return address


def _connect(address: str, timeout: float) -> socket.socket:
    if not address.startswith("unix:"):
        host, _, port = address.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), timeout)
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(timeout)
        connection.connect(address.removeprefix("unix:"))
    except BaseException:
        connection.close()
        raise
    return connection


def exit_code(error: "PannierError") -> ExitCode:
    """Return the exit code that says best what became of a call."""
    import pannier

    if error.write_outcome is pannier.WriteOutcome.UNKNOWN:
        return ExitCode.UNKNOWN
    match error:
        case pannier.NotFound():
            return ExitCode.NOT_FOUND
        case pannier.VersionConflict() | pannier.AlreadyExists():
            return ExitCode.CONFLICT
        case pannier.InvalidArgument():
            return ExitCode.USAGE
        case pannier.Unavailable() | pannier.DeadlineExceeded() | pannier.Throttled():
            return ExitCode.TRY_AGAIN
        case _:
            return ExitCode.FAILED
