"""What services and transports have in common: status codes, calls, and what serves a method.

The shapes are those of grpcio. So its server takes what services register here as it is, and
our own takes what generated code registers, with grpcio's handlers and codes. But nothing here
imports grpcio: it takes time and memory, and only its own transport and clients need it.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final, NoReturn, Protocol, TypeAlias

import msgspec

Metadata: TypeAlias = tuple[tuple[str, str | bytes], ...]
"""Keys and values; those under keys that end in ``-bin`` are bytes."""


class StatusCode(Enum):
    """How a call ends; each value is the code's number and its name in lower case.

    https://grpc.io/docs/guides/status-codes/
    Transports take the number from the value, as that of ``grpc.StatusCode`` is made.
    """

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

    @property
    def number(self) -> int:
        """The number that is sent."""
        return self.value[0]


CODE_NAMES: Final[Mapping[int, str]] = {code.number: code.name for code in StatusCode}
"""The name of each status code, by its number."""


class ServicerContext(Protocol):
    """One call as its handler sees it: what services ask of ``grpc.aio.ServicerContext``."""

    def invocation_metadata(self) -> Any:
        """Return the request's metadata: pairs of key and value."""
        ...

    def auth_context(self) -> Mapping[str, Any]:
        """Return what is known of the connection's other end: lists of bytes, by name."""
        ...

    def peer(self) -> str:
        """Return the address of the connection's other end."""
        ...

    def time_remaining(self) -> float | None:
        """Return the seconds until the deadline, None without one."""
        ...

    async def send_initial_metadata(self, metadata: Metadata) -> None:
        """Send the metadata before the answer, now."""
        ...

    async def abort(
        self, code: StatusCode, details: str = "", trailing_metadata: Metadata = ()
    ) -> NoReturn:
        """End the call with a status other than OK, by raising an error: let it pass."""
        ...


class MethodHandler(msgspec.Struct, frozen=True, kw_only=True):
    """What serves a method, by one of four behaviours (``grpc.RpcMethodHandler``).

    Each takes a request, or an asynchronous iterator of them, and a `ServicerContext`. It is a
    coroutine function where it gives one answer, and else an asynchronous generator function.

    Attributes:
        unary_unary: Takes one request, gives one answer.
        unary_stream: Takes one request, gives any number of answers.
        stream_unary: Takes any number of requests, gives one answer.
        stream_stream: Takes and gives any number.
        request_deserializer: From bytes to a request; None where it takes bytes.
        response_serializer: From an answer to bytes; None where it gives bytes.
    """

    unary_unary: Callable[..., Any] | None = None
    unary_stream: Callable[..., Any] | None = None
    stream_unary: Callable[..., Any] | None = None
    stream_stream: Callable[..., Any] | None = None
    request_deserializer: Callable[[bytes], Any] | None = None
    response_serializer: Callable[[Any], bytes] | None = None

    @property
    def request_streaming(self) -> bool:
        """Whether it takes any number of requests."""
        return bool(self.stream_unary or self.stream_stream)

    @property
    def response_streaming(self) -> bool:
        """Whether it gives any number of answers."""
        return bool(self.unary_stream or self.stream_stream)


class Registry(Protocol):
    """Where services are registered: what they ask of ``grpc.aio.Server``."""

    def add_registered_method_handlers(
        self, service_name: str, method_handlers: Mapping[str, MethodHandler]
    ) -> None:
        """Add the methods of a service, by their names."""
        ...
