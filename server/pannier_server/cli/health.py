"""``pannier health``: the standard health check, for people and container runtimes."""

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from pannier_server.cli import output
from pannier_server.cli.connection import add_connection_arguments, find_sidecar, utf8
from pannier_server.cli.credentials import find_credentials
from pannier_server.cli.exit_codes import CommandFailed, ExitCode
from pannier_server.cli.parser import Parser

if TYPE_CHECKING:
    import grpc

_READY = "pannier.v1.StorageBackend"

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
    status = _status(arguments)
    if arguments.json:
        output.print_json({"service": arguments.service, "status": status})
    else:
        print(status)
    return ExitCode.OK if status == "SERVING" else ExitCode.FAILED


def _status(arguments: Namespace) -> str:
    import grpc

    from pannier.addresses import grpc_target

    try:
        address = find_sidecar(arguments)
        credentials = find_credentials(arguments, address)
    except CommandFailed as failure:
        # A container runtime knows healthy (0) and unhealthy (1) only.
        if failure.code is not ExitCode.USAGE:
            failure.code = ExitCode.FAILED
        raise
    # A sidecar is local; http_proxy must not reroute the question.
    options = [("grpc.enable_http_proxy", 0)]
    with _channel(grpc_target(address), credentials, options) as channel:
        try:
            return _ask(channel, arguments.service, arguments.timeout)
        except grpc.RpcError as error:
            raise CommandFailed(_explain(error, address, arguments.service)) from None


def _channel(
    target: str, credentials: "grpc.ChannelCredentials | None", options: "list[tuple[str, int]]"
) -> "grpc.Channel":
    import grpc

    if credentials is None:
        return grpc.insecure_channel(target, options)
    return grpc.secure_channel(target, credentials, options)


def _ask(channel: "grpc.Channel", service: str, timeout: float) -> str:
    from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
    from grpc_health.v1.health_pb2_grpc import HealthStub

    answer = HealthStub(channel).Check(HealthCheckRequest(service=service), timeout=timeout)
    name: str = HealthCheckResponse.ServingStatus.Name(answer.status)
    return name


def _explain(error: Any, address: str, service: str) -> str:
    from grpc import StatusCode

    match error.code():
        case StatusCode.NOT_FOUND:
            return f"the sidecar at {address} has no service {service!r}"
        case StatusCode.DEADLINE_EXCEEDED:
            return f"no answer from {address} in time"
        case code:
            return f"{address} answers {code.name}: {error.details()}"
