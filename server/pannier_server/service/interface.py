"""What handlers of the six RPCs look like, and what a call brings beside its request.

Whatever cuts across the RPCs (authorization, limits, metrics, logs) is a wrapper
with this same interface around the handlers.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Protocol

import msgspec

from pannier.v1 import storage_pb2 as pb
from pannier_server.backends.contract import Call

Clock = Callable[[], float]
"""A clock that answers epoch seconds, such as `time.time`."""


class Identity(Protocol):
    """Who makes a call, and what it may do."""

    @property
    def name(self) -> str:
        """What the operator calls it."""
        ...

    def may_read(self, owner: str) -> bool:
        """Say whether it may read an owner's records."""
        ...

    def may_write(self, owner: str) -> bool:
        """Say whether it may write and delete an owner's records."""
        ...

    def may_clean_up(self, owner: str | None) -> bool:
        """Say whether it may remove an owner's expired records; None stands for all owners'."""
        ...


class CallContext(msgspec.Struct, frozen=True):
    """One RPC, beside its request.

    Attributes:
        clock: The server's clock.
        deadline: When the caller stops waiting, on the clock of the running loop
            (``loop.time()``); None where the caller set no deadline.
        default_timeout: Seconds that a store call may take where there is no deadline.
        identity: Who makes the call; None where nobody has to say so.
    """

    clock: Clock
    deadline: float | None
    default_timeout: float
    identity: Identity | None = None

    def store_call(self) -> Call:
        """Return a new clock reading, and the deadline of a store call that starts now."""
        deadline = self.deadline
        if deadline is None:
            deadline = asyncio.get_running_loop().time() + self.default_timeout
        return Call(int(self.clock() // 1), deadline)


class StorageHandlers(Protocol):
    """The six RPCs of ``pannier.v1.StorageBackend``.

    They raise `pannier_server.service.errors.CallError` and
    `pannier_server.backends.errors.StorageError`; anything else is a bug.
    """

    async def get(self, request: pb.GetRequest, context: CallContext) -> pb.GetResponse:
        """Read one record."""
        ...

    async def put(self, request: pb.PutRequest, context: CallContext) -> pb.PutResponse:
        """Write one record whatever is there."""
        ...

    async def put_if_version(
        self, request: pb.PutIfVersionRequest, context: CallContext
    ) -> pb.PutIfVersionResponse:
        """Write one record over the expected version only."""
        ...

    async def delete(self, request: pb.DeleteRequest, context: CallContext) -> pb.DeleteResponse:
        """Delete one record."""
        ...

    def list_by_prefix(
        self, request: pb.ListByPrefixRequest, context: CallContext
    ) -> AsyncGenerator[pb.ListByPrefixResponse, None]:
        """Stream the records under a prefix as pages."""
        ...

    async def cleanup_expired(
        self, request: pb.CleanupExpiredRequest, context: CallContext
    ) -> pb.CleanupExpiredResponse:
        """Remove expired records."""
        ...
