"""What the caller may do: the handlers, behind a look at the caller's rights.

The look comes before anything else, so that a refusal tells nothing about the record, nor
whether the rest of the request is right.
"""

from collections.abc import AsyncGenerator

from pannier.v1 import storage_pb2 as pb
from pannier_server.security.errors import PermissionDenied
from pannier_server.service.interface import CallContext, Identity, StorageHandlers


class AuthorizedHandlers:
    """`StorageHandlers` that serve each caller only what it has a rule for."""

    def __init__(self, handlers: StorageHandlers) -> None:
        """Take the handlers that do the work."""
        self._handlers = handlers

    async def get(self, request: pb.GetRequest, context: CallContext) -> pb.GetResponse:
        """Read one record, where the caller may read its owner's."""
        _check_read(_identity(context), request.key)
        return await self._handlers.get(request, context)

    async def put(self, request: pb.PutRequest, context: CallContext) -> pb.PutResponse:
        """Write one record, where the caller may write its owner's."""
        _check_write(_identity(context), request.key)
        return await self._handlers.put(request, context)

    async def put_if_version(
        self, request: pb.PutIfVersionRequest, context: CallContext
    ) -> pb.PutIfVersionResponse:
        """Write one record over its version, where the caller may write its owner's."""
        _check_write(_identity(context), request.key)
        return await self._handlers.put_if_version(request, context)

    async def delete(self, request: pb.DeleteRequest, context: CallContext) -> pb.DeleteResponse:
        """Delete one record, where the caller may write its owner's."""
        _check_write(_identity(context), request.key)
        return await self._handlers.delete(request, context)

    def list_by_prefix(
        self, request: pb.ListByPrefixRequest, context: CallContext
    ) -> AsyncGenerator[pb.ListByPrefixResponse, None]:
        """Stream the records under a prefix, where the caller may read its owner's."""
        _check_read(_identity(context), request.prefix)
        return self._handlers.list_by_prefix(request, context)

    async def cleanup_expired(
        self, request: pb.CleanupExpiredRequest, context: CallContext
    ) -> pb.CleanupExpiredResponse:
        """Remove expired records, where the caller may remove their owner's, or all owners'."""
        _check_cleanup(_identity(context), request.prefix)
        return await self._handlers.cleanup_expired(request, context)


def _identity(context: CallContext) -> Identity:
    identity = context.identity
    if identity is None:
        # A bug: the service asks who calls before it hands a call on.
        raise RuntimeError("a call came to authorization without an identity")
    return identity


def _owner(key: str) -> str:
    """Return whose a key or a prefix is; without a colon it is wrong, which is said later."""
    return key.partition(":")[0]


def _check_read(identity: Identity, key: str) -> None:
    if not identity.may_read(_owner(key)):
        raise _denied(identity, "read", "this owner's records")


def _check_write(identity: Identity, key: str) -> None:
    if not identity.may_write(_owner(key)):
        raise _denied(identity, "write", "this owner's records")


def _check_cleanup(identity: Identity, prefix: str) -> None:
    if not identity.may_clean_up(_owner(prefix) if prefix else None):
        whose = "this owner's expired records" if prefix else "all owners' expired records"
        raise _denied(identity, "cleanup", whose)


def _denied(identity: Identity, action: str, whose: str) -> PermissionDenied:
    return PermissionDenied(
        f"identity {identity.name} has no {action} rule for {whose}; whoever runs this sidecar "
        "can add one to its auth file"
    )
