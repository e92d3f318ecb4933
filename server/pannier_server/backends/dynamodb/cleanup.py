"""Removing an owner's expired rows now, some at a time."""

import asyncio
from collections.abc import Awaitable
from itertools import islice
from typing import Protocol

from pannier_server.backends.contract import Call, Cleaned, Prefix
from pannier_server.backends.dynamodb.answers import Answers, PrimaryKey
from pannier_server.backends.dynamodb.expressions import Expressions, Request
from pannier_server.backends.dynamodb.wire.errors import ConditionFailed
from pannier_server.backends.dynamodb.wire.retries import Effect
from pannier_server.backends.errors import DeadlineExceeded, Overloaded, Throttled

_DELETES_AT_ONCE = 8


class Ask(Protocol):
    """Makes one request of DynamoDB."""

    def __call__(
        self,
        operation: str,
        request: Request,
        call: Call,
        effect: Effect = Effect.READ,
        *,
        owner: str = "",
    ) -> Awaitable[bytes]:
        """Return the answer's body."""
        ...


class Cleanup:
    """Finds expired rows and deletes those that still are."""

    def __init__(self, ask: Ask, requests: Expressions, answers: Answers) -> None:
        """Take what makes requests, what words them, and what reads their answers."""
        self._ask = ask
        self._requests = requests
        self._answers = answers

    async def remove(self, prefix: Prefix, *, limit: int, call: Call) -> Cleaned:
        """Remove up to ``limit`` rows; answer with ``more`` where the deadline comes first.

        The same where the table takes no more requests, once some rows are removed.
        """
        removed = 0
        start: PrimaryKey | None = None
        try:
            while removed < limit:
                query = self._requests.find_expired(prefix, call.now, start)
                found = self._answers.keys(await self._patiently("Query", query, call, prefix))
                keys = iter(found.Items)
                while batch := list(islice(keys, min(_DELETES_AT_ONCE, limit - removed))):
                    results = await self._delete(batch, prefix, call)
                    removed += results.count(True)
                    _raise_first_error(results)
                start = found.LastEvaluatedKey
                if start is None and next(keys, None) is None:
                    return Cleaned(removed, more=False)
        except DeadlineExceeded:
            pass
        except Throttled:
            if not removed:
                raise
        return Cleaned(removed, more=True)

    async def _delete(
        self, keys: list[PrimaryKey], prefix: Prefix, call: Call
    ) -> list[bool | BaseException]:
        deleting = (self._delete_if_expired(key, prefix, call) for key in keys)
        return await asyncio.gather(*deleting, return_exceptions=True)

    async def _delete_if_expired(self, key: PrimaryKey, prefix: Prefix, call: Call) -> bool:
        request = self._requests.delete_expired(key, call.now)
        try:
            await self._patiently("DeleteItem", request, call, prefix, Effect.WRITE)
        except ConditionFailed:
            return False
        return True

    async def _patiently(
        self,
        operation: str,
        request: Request,
        call: Call,
        prefix: Prefix,
        effect: Effect = Effect.READ,
    ) -> bytes:
        """Make a request, and where others take the table's turns come back as told."""
        while True:
            try:
                return await self._ask(operation, request, call, effect, owner=prefix.owner)
            except Overloaded as refused:
                now = asyncio.get_running_loop().time()
                if now + refused.retry_delay >= call.deadline:
                    raise
                await asyncio.sleep(refused.retry_delay)


def _raise_first_error(results: list[bool | BaseException]) -> None:
    for result in results:
        if isinstance(result, BaseException):
            raise result
