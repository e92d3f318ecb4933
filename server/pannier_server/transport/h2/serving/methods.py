"""The methods that a server has, as generated code registers them on ``grpc.aio.Server``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pannier_server.transport.h2.wire.metadata import Metadatum


class MethodHandler(Protocol):
    """The parts of ``grpc.RpcMethodHandler`` that matter."""

    request_streaming: bool
    response_streaming: bool
    request_deserializer: Callable[[bytes], Any] | None
    response_serializer: Callable[[Any], bytes] | None
    unary_unary: Callable[..., Any] | None
    unary_stream: Callable[..., Any] | None
    stream_unary: Callable[..., Any] | None
    stream_stream: Callable[..., Any] | None


class GenericHandler(Protocol):
    """The part of ``grpc.GenericRpcHandler`` that matters."""

    def service(self, handler_call_details: Any) -> MethodHandler | None:
        """Return what serves a call; None where this handler does not."""
        ...


@dataclass(frozen=True, slots=True)
class CallDetails:
    """What a generic handler chooses by (``grpc.HandlerCallDetails``).

    Attributes:
        method: ``/service/method``.
        invocation_metadata: The request's metadata.
    """

    method: str
    invocation_metadata: Sequence[Metadatum]


@dataclass(frozen=True, slots=True)
class Method:
    """One method.

    Attributes:
        behaviour: The handler: takes a request, or an asynchronous iterator of them, and
            a context.
        request_streaming: It takes any number of requests.
        response_streaming: It gives any number of answers.
        deserialize: From bytes to a request; None where it takes bytes.
        serialize: From an answer to bytes; None where it gives bytes.
    """

    behaviour: Callable[..., Any]
    request_streaming: bool
    response_streaming: bool
    deserialize: Callable[[bytes], Any] | None
    serialize: Callable[[Any], bytes] | None

    @property
    def is_unary(self) -> bool:
        """One request and one answer."""
        return not (self.request_streaming or self.response_streaming)


class Methods:
    """Finds the method that a path names."""

    def __init__(self) -> None:
        """Start without any."""
        self._registered: dict[str, MethodHandler] = {}
        self._generic: list[GenericHandler] = []

    def add_registered(self, service: str, handlers: Mapping[str, MethodHandler]) -> None:
        """Add the methods of a service, by their names."""
        for name, handler in handlers.items():
            self._registered[f"/{service}/{name}"] = handler

    def add_generic(self, handlers: Sequence[GenericHandler]) -> None:
        """Add handlers that are asked in turn about a path that is not registered."""
        self._generic.extend(handlers)

    def find(self, details: CallDetails) -> Method | None:
        """Return the method that serves a call; None where there is none."""
        handler = self._registered.get(details.method)
        if handler is None:
            found = (generic.service(details) for generic in self._generic)
            handler = next((handler for handler in found if handler is not None), None)
        return None if handler is None else _method(handler)


def _method(handler: MethodHandler) -> Method:
    behaviour = (
        handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    )
    if behaviour is None:
        raise TypeError("a method handler without a behaviour")
    return Method(
        behaviour,
        bool(handler.request_streaming),
        bool(handler.response_streaming),
        handler.request_deserializer,
        handler.response_serializer,
    )
