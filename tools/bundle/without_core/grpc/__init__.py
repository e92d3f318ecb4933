"""What the sidecar takes of grpcio, for a program whose transport is Pannier's own.

The sidecar describes its methods and statuses with grpcio's names, and never calls its C
core unless it is the transport. Without the core the program is 20 MB smaller, starts in
two thirds of the time, and needs no C++ library, which Lambda's sandboxes may lack.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

# At least what generated code was made for.
__version__ = "999.0.0"


class StatusCode(Enum):
    """The status codes; each has its number and its name in lower case."""

    OK = (0, "ok")
    CANCELLED = (1, "cancelled")
    UNKNOWN = (2, "unknown")
    INVALID_ARGUMENT = (3, "invalid argument")
    DEADLINE_EXCEEDED = (4, "deadline exceeded")
    NOT_FOUND = (5, "not found")
    ALREADY_EXISTS = (6, "already exists")
    PERMISSION_DENIED = (7, "permission denied")
    RESOURCE_EXHAUSTED = (8, "resource exhausted")
    FAILED_PRECONDITION = (9, "failed precondition")
    ABORTED = (10, "aborted")
    OUT_OF_RANGE = (11, "out of range")
    UNIMPLEMENTED = (12, "unimplemented")
    INTERNAL = (13, "internal")
    UNAVAILABLE = (14, "unavailable")
    DATA_LOSS = (15, "data loss")
    UNAUTHENTICATED = (16, "unauthenticated")


class RpcError(Exception):
    """A failed call of a client; there is none here that raises it."""


class RpcMethodHandler:
    """What serves a method, in one of the four ways of gRPC."""

    def __init__(self, kind: str, behavior: Any, deserializer: Any, serializer: Any) -> None:
        """Take the kind, such as ``unary_stream``, and what serves it."""
        request, _, response = kind.partition("_")
        self.request_streaming = request == "stream"
        self.response_streaming = response == "stream"
        self.request_deserializer = deserializer
        self.response_serializer = serializer
        self.unary_unary = self.unary_stream = self.stream_unary = self.stream_stream = None
        setattr(self, kind, behavior)

    def __class_getitem__(cls, _: Any) -> "type[RpcMethodHandler]":
        """Return itself: types of messages mean nothing here."""
        return cls


class ServiceHandler:
    """Finds a service's methods by their paths."""

    def __init__(self, service: str, handlers: Mapping[str, RpcMethodHandler]) -> None:
        """Take the service's name and its methods by name."""
        self._handlers = {f"/{service}/{name}": handler for name, handler in handlers.items()}

    def service(self, details: Any) -> RpcMethodHandler | None:
        """Return what serves a call; None where this service does not."""
        return self._handlers.get(details.method)


def _method_handler(kind: str) -> Callable[..., RpcMethodHandler]:
    def make(
        behavior: Any, request_deserializer: Any = None, response_serializer: Any = None
    ) -> RpcMethodHandler:
        return RpcMethodHandler(kind, behavior, request_deserializer, response_serializer)

    return make


unary_unary_rpc_method_handler = _method_handler("unary_unary")
unary_stream_rpc_method_handler = _method_handler("unary_stream")
stream_unary_rpc_method_handler = _method_handler("stream_unary")
stream_stream_rpc_method_handler = _method_handler("stream_stream")
method_handlers_generic_handler = ServiceHandler

from grpc import aio  # noqa: E402 (as grpcio, where `import grpc` brings it along)

__all__ = ["RpcError", "RpcMethodHandler", "StatusCode", "aio"]
