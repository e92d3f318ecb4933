"""``pannier health``: the standard health check, for people and container runtimes."""

import socket
from argparse import Namespace

from pannier_server.cli.connection import add_connection_arguments, reach_sidecar, utf8
from pannier_server.cli.credentials import TlsFiles, find_tls_files
from pannier_server.cli.exit_codes import CommandFailed, ExitCode
from pannier_server.cli.parser import Parser
from pannier_server.health_call import CallFailed, HealthAnswer, NotGrpc, call_health

_READY = "pannier.v1.StorageBackend"

_NOT_FOUND = 5

_EPILOG = """\
examples:
  pannier health
  pannier health --service '' --timeout 1s

The exit code is 0 where the service is SERVING, 1 in every other case (so that it fits a
container's HEALTHCHECK), 2 for a wrong command line.
"""


def add_arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.description = "Ask a sidecar whether it serves (grpc.health.v1)."
    parser.set_defaults(run=run)
    parser.add_argument(
        "--service",
        metavar="NAME",
        type=utf8,
        default=_READY,
        help="what to ask for; '' asks only whether the process lives "
        f"(default: {_READY}, which serves while the store answers)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_connection_arguments(parser)
    parser.epilog = _EPILOG


def run(arguments: Namespace) -> int:
    """Ask once and print the answer."""
    try:
        status = _answer(arguments).status
    except CommandFailed as failure:
        # A container runtime knows healthy (0) and unhealthy (1) only.
        if failure.code is not ExitCode.USAGE:
            failure.code = ExitCode.FAILED
        raise
    if arguments.json:
        from pannier_server.cli import output

        output.print_json({"service": arguments.service, "status": status})
    else:
        print(status)
    return ExitCode.OK if status == "SERVING" else ExitCode.FAILED


def _answer(arguments: Namespace) -> HealthAnswer:
    address, connection = reach_sidecar(arguments)
    with connection:
        tls = find_tls_files(arguments, address)
        try:
            return _ask(connection, address, tls, arguments)
        except CallFailed as error:
            raise CommandFailed(_explain(error, address, arguments.service)) from None
        except NotGrpc:
            raise CommandFailed(f"what listens at {address} does not speak gRPC") from None
        except TimeoutError:
            raise CommandFailed(f"no answer from {address} in time") from None
        except OSError as error:
            raise CommandFailed(f"no answer from {address}: {error.strerror or error}") from None


def _ask(
    connection: socket.socket, address: str, tls: TlsFiles | None, arguments: Namespace
) -> HealthAnswer:
    authority = "localhost" if address.startswith("unix:") else address
    if tls is None:
        return call_health(
            connection, arguments.service, authority=authority, timeout=arguments.timeout
        )
    from pannier_server.cli.health_tls import secured

    with secured(connection, tls, authority) as encrypted:
        return call_health(
            encrypted,
            arguments.service,
            authority=authority,
            timeout=arguments.timeout,
            scheme="https",
        )


def _explain(error: CallFailed, address: str, service: str) -> str:
    if error.code == _NOT_FOUND:
        return f"the sidecar at {address} has no service {service!r}"
    return f"{address} answers {error}"
