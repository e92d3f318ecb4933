"""A standard health check (grpc.health.v1), and what a sidecar tells of itself with it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HealthAnswer:
    """What a sidecar says of itself.

    Attributes:
        status: ``SERVING``, ``NOT_SERVING`` or another name of the standard's.
        version: Its version; empty where it does not tell.
        transport: Its transport; empty where it does not tell.
    """

    status: str
    version: str
    transport: str


def ask_health(address: str, service: str, *, timeout: float) -> HealthAnswer:
    """Ask once, over a plain connection.

    Args:
        address: ``unix:PATH`` or ``HOST:PORT``.
        service: What to ask for; empty for the process itself.
        timeout: Seconds to wait.

    Raises:
        grpc.RpcError: The sidecar refuses, or does not answer in time.
        ValueError: It is no address.
    """
    import grpc
    from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
    from grpc_health.v1.health_pb2_grpc import HealthStub

    from pannier.addresses import grpc_target
    from pannier_server.service.health import TRANSPORT_METADATA, VERSION_METADATA

    # A sidecar is local; http_proxy must not reroute the question.
    options = [("grpc.enable_http_proxy", 0)]
    with grpc.insecure_channel(grpc_target(address), options) as channel:
        check = HealthStub(channel).Check
        answer, call = check.with_call(HealthCheckRequest(service=service), timeout=timeout)
        about = {name: str(value) for name, value in call.initial_metadata() or ()}
    status: str = HealthCheckResponse.ServingStatus.Name(answer.status)
    return HealthAnswer(status, about.get(VERSION_METADATA, ""), about.get(TRANSPORT_METADATA, ""))
