"""The standard health service (grpc.health.v1): statuses that are asked for, or watched."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from grpc_health.v1 import health_pb2

from pannier_server.rpc import Metadata, MethodHandler, Registry, ServicerContext, StatusCode

SERVING: int = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING: int = health_pb2.HealthCheckResponse.NOT_SERVING
_SERVICE_UNKNOWN: int = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN

_NAME: str = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name


class HealthServicer:
    """Tells how services are."""

    def __init__(self, statuses: Mapping[str, int], about: Metadata) -> None:
        """Begin with what is known.

        Args:
            statuses: How each service is, by its name.
            about: Metadata that goes with the answer to a check.
        """
        self._statuses = dict(statuses)
        self._about = about
        self._drains = False
        # Set once something has changed, and then replaced.
        self._changed = asyncio.Event()

    def register(self, server: Registry) -> None:
        """Add the service to a server."""
        messages: dict[str, Any] = {
            "request_deserializer": health_pb2.HealthCheckRequest.FromString,
            "response_serializer": health_pb2.HealthCheckResponse.SerializeToString,
        }
        methods = {
            "Check": MethodHandler(unary_unary=self._check, **messages),
            "Watch": MethodHandler(unary_stream=self._watch, **messages),
        }
        server.add_registered_method_handlers(_NAME, methods)

    def set(self, service: str, status: int) -> None:
        """Say how a service is from now on; while the sidecar drains, that changes nothing."""
        if not self._drains:
            self._change({service: status})

    def drain(self) -> None:
        """Say that all services serve no longer, for good."""
        self._drains = True
        self._change(dict.fromkeys(self._statuses, NOT_SERVING))

    def _change(self, statuses: Mapping[str, int]) -> None:
        self._statuses.update(statuses)
        self._changed.set()
        self._changed = asyncio.Event()

    async def _check(self, request: Any, context: ServicerContext) -> Any:
        await context.send_initial_metadata(self._about)
        status = self._statuses.get(request.service)
        if status is None:
            known = " and ".join(repr(name) for name in self._statuses)
            await context.abort(
                StatusCode.NOT_FOUND, f"there is no such service; ask for one of {known}"
            )
        return health_pb2.HealthCheckResponse(status=status)

    async def _watch(self, request: Any, _: ServicerContext) -> AsyncGenerator[Any, None]:
        told = None
        while True:
            # Taken before the look, so that no change after it is missed.
            changed = self._changed
            status = self._statuses.get(request.service, _SERVICE_UNKNOWN)
            if status != told:
                yield health_pb2.HealthCheckResponse(status=status)
                told = status
            await changed.wait()
