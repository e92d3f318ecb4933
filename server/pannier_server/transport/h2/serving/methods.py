"""The methods that a server has, as generated code registers them on ``grpc.aio.Server``."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from inspect import isasyncgenfunction, iscoroutinefunction
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
        is_unary: It takes one request and gives one answer.
    """

    behaviour: Callable[..., Any]
    request_streaming: bool
    response_streaming: bool
    deserialize: Callable[[bytes], Any] | None
    serialize: Callable[[Any], bytes] | None
    is_unary: bool


class Methods:
    """Finds the method that a path names."""

    def __init__(self) -> None:
        """Start without any."""
        self._registered: dict[str, Method] = {}
        self._generic: list[GenericHandler] = []

    def add_registered(self, service: str, handlers: Mapping[str, MethodHandler]) -> None:
        """Add the methods of a service, by their names.

        Raises:
            TypeError: One has no behaviour; the message names it.
        """
        for name, handler in handlers.items():
            path = f"/{service}/{name}"
            self._registered[path] = _method(path, handler)

    def add_generic(self, handlers: Sequence[GenericHandler]) -> None:
        """Add handlers that are asked in turn about a path that is not registered."""
        self._generic.extend(handlers)

    def find(self, details: CallDetails) -> Method | None:
        """Return the method that serves a call; None where there is none.

        Raises:
            TypeError: A generic handler gave one without a behaviour.
        """
        method = self._registered.get(details.method)
        if method is not None:
            return method
        for generic in self._generic:
            handler = generic.service(details)
            if handler is not None:
                return _method(details.method, handler)
        return None


def _method(path: str, handler: MethodHandler) -> Method:
    behaviour = (
        handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    )
    if behaviour is None:
        raise TypeError(f"the handler of {path} has no behaviour: give it a function")
    if not _is_asynchronous(behaviour, generates=handler.response_streaming):
        behaviour = _in_thread(behaviour, path, generates=handler.response_streaming)
    return Method(
        behaviour,
        bool(handler.request_streaming),
        bool(handler.response_streaming),
        handler.request_deserializer,
        handler.response_serializer,
        not (handler.request_streaming or handler.response_streaming),
    )


def _in_thread(
    behaviour: Callable[..., Any], path: str, *, generates: bool
) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Return a plain function as a handler that runs it in a thread, as grpc.aio does.

    Generated servicers have such functions for the methods that nobody has written.
    """

    async def call(request: Any, context: Any) -> Any:
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(None, behaviour, request, context)
        if generates and answer is not None:
            raise TypeError(f"the handler of {path} is no asynchronous generator: use `async def`")
        return answer

    return call


def _is_asynchronous(behaviour: Callable[..., Any], *, generates: bool) -> bool:
    """Say whether a behaviour gives a coroutine, or where it may an asynchronous generator."""
    forms = (behaviour, getattr(behaviour, "__call__", None))  # noqa: B004 (it may be an object)
    return any(map(iscoroutinefunction, forms)) or (
        generates and any(map(isasyncgenfunction, forms))
    )
