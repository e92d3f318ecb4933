"""Admission: store calls beyond what can be served in time are refused at once.

It stands between the handlers and the backend, so that every store call is counted by
itself: each page of a list is one, and a reader that is slow holds no place.
"""

import asyncio

from pannier_server.admission.call_limit import CallLimit
from pannier_server.backends.contract import (
    Call,
    Cleaned,
    Key,
    Page,
    PageRequest,
    Prefix,
    Record,
    StorageBackend,
    Write,
    Written,
)
from pannier_server.backends.errors import Overloaded
from pannier_server.backends.wrapped import WrappedBackend

# Whose place a clean-up of the whole store takes; no owner is empty.
_NOBODY = ""


class AdmittedBackend(WrappedBackend):
    """A backend behind a limit of calls. What is no call of a client goes to it directly.

    Attributes:
        admissions: What happened to calls so far.
    """

    def __init__(self, backend: StorageBackend, *, max_calls: int) -> None:
        """Take the backend, and the most calls that it has under way, for the running loop."""
        super().__init__(backend)
        now = asyncio.get_running_loop().time
        limit = CallLimit(max_calls, now=now, refusal=_overloaded)
        self.admissions = limit.admissions
        self._enter = limit.enter
        self._leave = limit.leave

    async def get(self, key: Key, *, consistent: bool, call: Call) -> Record:
        """Return the live record at a key."""
        owner = key.owner
        entered = self._enter(owner, call.deadline)
        try:
            return await self._backend.get(key, consistent=consistent, call=call)
        finally:
            self._leave(owner, entered)

    async def put(self, key: Key, write: Write, call: Call) -> Written:
        """Write a record whatever is there."""
        owner = key.owner
        entered = self._enter(owner, call.deadline)
        try:
            return await self._backend.put(key, write, call)
        finally:
            self._leave(owner, entered)

    async def put_if_version(
        self, key: Key, write: Write, *, expected_version: int, etag: str, call: Call
    ) -> Written:
        """Write a record over the expected version only."""
        owner = key.owner
        entered = self._enter(owner, call.deadline)
        try:
            return await self._backend.put_if_version(
                key, write, expected_version=expected_version, etag=etag, call=call
            )
        finally:
            self._leave(owner, entered)

    async def delete(
        self, key: Key, *, expected_version: int | None, etag: str, call: Call
    ) -> bool:
        """Delete a record, unconditionally or at a version or etag only."""
        owner = key.owner
        entered = self._enter(owner, call.deadline)
        try:
            return await self._backend.delete(
                key, expected_version=expected_version, etag=etag, call=call
            )
        finally:
            self._leave(owner, entered)

    async def list_page(self, request: PageRequest, call: Call) -> Page:
        """Return the next rows of a list."""
        owner = request.prefix.owner
        entered = self._enter(owner, call.deadline)
        try:
            return await self._backend.list_page(request, call)
        finally:
            self._leave(owner, entered)

    async def cleanup_expired(self, prefix: Prefix | None, *, limit: int, call: Call) -> Cleaned:
        """Remove expired records."""
        owner = prefix.owner if prefix else _NOBODY
        entered = self._enter(owner, call.deadline)
        try:
            return await self._backend.cleanup_expired(prefix, limit=limit, call=call)
        finally:
            self._leave(owner, entered)


def _overloaded(why: str, *, retry_delay: float) -> Overloaded:
    return Overloaded(
        f"the sidecar is overloaded: {why}; call less often, or run more processes (--workers)",
        retry_delay=retry_delay,
    )
