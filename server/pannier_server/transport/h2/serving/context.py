"""One call as its handler sees it: the interface of ``grpc.aio.ServicerContext``."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

from pannier_server.transport.h2.hpack import Field
from pannier_server.transport.h2.http2.stream import Stream
from pannier_server.transport.h2.serving.methods import Method
from pannier_server.transport.h2.serving.peer import identity_key
from pannier_server.transport.h2.wire.codes import (
    OK,
)
from pannier_server.transport.h2.wire.heads import RequestHead
from pannier_server.transport.h2.wire.metadata import (
    Metadatum,
    decode_metadata,
    encode_metadata,
)

if TYPE_CHECKING:
    from pannier_server.transport.h2.serving.protocol import ServerProtocol

_log = logging.getLogger(__name__)

_GZIP_CHOICE: Final = 2


class AbortError(Exception):
    """Ends a handler that has called `ServicerContext.abort`."""


class StatusCode(Protocol):
    """A gRPC status code: ``grpc.StatusCode`` fits."""

    @property
    def value(self) -> tuple[int, str]:
        """Its number and its name in lower case."""
        ...


class Extras:
    """What most calls do without: a status other than OK, metadata, compression, callbacks."""

    __slots__ = (
        "callbacks",
        "cancels",
        "code",
        "compression",
        "details",
        "initial",
        "metadata",
        "status",
        "trailing",
    )

    def __init__(self) -> None:
        """Begin with what a usual answer has."""
        self.code = OK
        # The code as it was given.
        self.status: StatusCode | int | None = None
        self.details = ""
        self.initial: list[Field] = []
        # The metadata after the answer as it was given, and as fields.
        self.metadata: Sequence[tuple[str, str | bytes]] = ()
        self.trailing: list[Field] = []
        self.callbacks: list[Callable[[ServicerContext], None]] = []
        self.compression = Compression.NONE
        # How often a handler has cancelled itself in its first step.
        self.cancels = 0


class Compression(Enum):
    """How the next answer is sent."""

    NONE = auto()
    GZIP = auto()
    GZIP_BUT_NEXT = auto()


class ServicerContext(ABC):
    """A call. `Call` drives it; handlers see what has no underscore.

    Attributes:
        stream: Its stream; None as long as a call that came whole has not waited.
    """

    __slots__ = (
        "_deadline",
        "_extras",
        "_head",
        "_head_sent",
        "_is_lingering",
        "_lost",
        "_method",
        "_over",
        "_protocol",
        "_stream_id",
        "_task",
        "_timer",
        "stream",
    )

    def __init__(
        self,
        protocol: "ServerProtocol",
        stream_id: int,
        head: RequestHead,
        timeout: float | None,
        method: Method,
    ) -> None:
        """Make the context of a call of a method whose head has just come."""
        self._protocol = protocol
        self._stream_id = stream_id
        self._head = head
        self._method = method
        self._deadline = None if timeout is None else protocol.loop.time() + timeout
        self.stream: Stream[RequestHead] | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._over = False
        # None as long as nothing was set that a usual answer has not.
        self._extras: Extras | None = None
        self._head_sent = False
        self._lost = False

    # -- what the client sent

    def invocation_metadata(self) -> tuple[Metadatum, ...]:
        """Return the request's metadata: text, and bytes under keys that end in ``-bin``."""
        head = self._head
        if head.metadata is None:
            head.metadata = decode_metadata(head.fields)
        return head.metadata

    def time_remaining(self) -> float | None:
        """Return the seconds until the deadline, 0 after it; None without one."""
        if self._deadline is None:
            return None
        return max(0.0, self._deadline - self._protocol.loop.time())

    def peer(self) -> str:
        """Return the client's address, such as ``ipv4:127.0.0.1:50000`` or ``unix:``."""
        return self._protocol.peer

    def auth_context(self) -> Mapping[str, Sequence[bytes]]:
        """Return what the client's certificate says; empty without TLS."""
        return self._protocol.auth_context

    def peer_identity_key(self) -> str | None:
        """Return under which name of `auth_context` the client's identities stand."""
        return identity_key(self.auth_context())

    def peer_identities(self) -> Sequence[bytes] | None:
        """Return the names in the client's certificate; None without one."""
        key = self.peer_identity_key()
        return None if key is None else self.auth_context()[key]

    # -- how the call ends

    async def abort(
        self,
        code: StatusCode | int,
        details: str = "",
        trailing_metadata: Sequence[tuple[str, str | bytes]] = (),
    ) -> NoReturn:
        """End the call with a status other than OK.

        Raises:
            AbortError: Always; let it pass.
            ValueError: The code is OK.
        """
        self.set_code(code)
        if self._set().code == OK:
            raise ValueError("abort with OK: return instead")
        if details:
            self.set_details(details)
        if trailing_metadata:
            self.set_trailing_metadata(trailing_metadata)
        raise AbortError

    async def abort_with_status(self, status: Any) -> NoReturn:
        """End the call with a ``grpc.Status``: code, details and trailing metadata."""
        await self.abort(status.code, status.details, status.trailing_metadata or ())

    def set_code(self, code: StatusCode | int) -> None:
        """Set the status code that the call ends with, or its number."""
        extras = self._set()
        extras.code = code if isinstance(code, int) else code.value[0]
        extras.status = code

    def set_details(self, details: str) -> None:
        """Set the message that goes with the status code."""
        self._set().details = details

    def code(self) -> "StatusCode | int | None":
        """Return the status code as it was set; None before."""
        return self._extras.status if self._extras else None

    def details(self) -> str:
        """Return the message set so far."""
        return self._extras.details if self._extras else ""

    def set_trailing_metadata(self, metadata: Sequence[tuple[str, str | bytes]]) -> None:
        """Set the metadata after the answer.

        Raises:
            ValueError: A key or a value that metadata cannot have.
        """
        self._set().trailing = encode_metadata(metadata)
        self._set().metadata = tuple(metadata)

    def trailing_metadata(self) -> Sequence[tuple[str, str | bytes]]:
        """Return the metadata set by `set_trailing_metadata`."""
        return self._extras.metadata if self._extras else ()

    # -- what goes before the answer

    async def send_initial_metadata(self, metadata: Sequence[tuple[str, str | bytes]]) -> None:
        """Send the metadata before the answer, now.

        Raises:
            ValueError: A key or a value that metadata cannot have, or the answer has begun.
        """
        if self._head_sent:
            raise ValueError("initial metadata after the answer has begun")
        self._set().initial = encode_metadata(metadata)
        if not self._over:
            self._begin_answer()

    def set_compression(self, compression: Any) -> None:
        """Compress answers with gzip where the client takes it (``grpc.Compression.Gzip``).

        Raises:
            RuntimeError: The answer has begun: its head says how the messages are encoded.
        """
        if self._head_sent:
            raise RuntimeError("set_compression after the answer has begun: set it before")
        if int(compression) == _GZIP_CHOICE and self._head.accepts_gzip:
            self._set().compression = Compression.GZIP
        else:
            self._set().compression = Compression.NONE

    def disable_next_message_compression(self) -> None:
        """Send the next answer uncompressed."""
        if self._set().compression is Compression.GZIP:
            self._set().compression = Compression.GZIP_BUT_NEXT

    # -- how it fares

    def cancelled(self) -> bool:
        """Say whether the client has cancelled the call or gone away."""
        return self._lost

    def done(self) -> bool:
        """Say whether the call is over."""
        return self._over

    def add_done_callback(self, callback: Callable[["ServicerContext"], None]) -> None:
        """Call a function with this context once the call is over, at once if it is already."""
        if self._over:
            self._call_back(callback)
        else:
            self._set().callbacks.append(callback)

    # -- for whoever drives the call

    def _set(self) -> Extras:
        if self._extras is None:
            self._extras = Extras()
        return self._extras

    @abstractmethod
    def _begin_answer(self) -> None:
        """Send the head of the answer, now."""

    def _call_back(self, callback: Callable[["ServicerContext"], None]) -> None:
        try:
            callback(self)
        except Exception:  # noqa: BLE001 (it may raise anything)
            _log.exception("a done callback of %s failed", self._head.path)
