"""Copying records out of one table and into it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from uuid import uuid4

from pannier_server.backends.contract import Prefix
from pannier_server.backends.dynamodb.answers import Answers
from pannier_server.backends.dynamodb.cleanup import Ask
from pannier_server.backends.dynamodb.expressions import Expressions
from pannier_server.backends.dynamodb.transfer.patience import ask_patiently
from pannier_server.backends.dynamodb.transfer.requests import TransferRequests
from pannier_server.backends.dynamodb.transfer.scan import Scan
from pannier_server.backends.dynamodb.wire.errors import ConditionFailed, ItemTooLarge
from pannier_server.backends.dynamodb.wire.retries import Effect
from pannier_server.backends.errors import KeyTooLong, StorageError
from pannier_server.backends.rules import Row
from pannier_server.backends.transfer import (
    Outcome,
    RecordCopy,
    Replace,
    Restored,
    ScanPage,
    refused,
    restore_over,
    too_large,
)

AT_ONCE = 32
"""Requests that are under way for one call; half of the wire's connections."""

_Ask = Callable[[RecordCopy], Awaitable[Restored]]


class DynamoDBTransfer:
    """Keeps the obligations of `pannier_server.backends.transfer.Transfer`."""

    def __init__(
        self,
        open_backend: Callable[[], Awaitable[None]],
        ask: Ask,
        expressions: Expressions,
        *,
        max_data_bytes: int,
    ) -> None:
        """Take what opens the backend, and what makes and words requests."""
        self._open = open_backend
        self._ask = ask
        self._expressions = expressions
        self._requests = TransferRequests(expressions)
        self._answers = Answers(expressions.rows)
        self._max_data_bytes = max_data_bytes

    async def open_source(self) -> None:
        """Find region and endpoint; the first page says whether the table is there."""
        await self._open()

    def scan(
        self, prefix: Prefix | None, *, now: int, position: str | None, patience: float
    ) -> AsyncGenerator[ScanPage, None]:
        """Read every record, by Scan, or by Query where there is a prefix."""
        scan = Scan(self._ask, self._requests, self._expressions.rows)
        return scan.pages(prefix, now=now, position=position, patience=patience)

    async def restore(
        self, copies: Sequence[RecordCopy], *, replace: Replace, now: int, patience: float
    ) -> Sequence[Restored]:
        """Write copies with their own versions, by one UpdateItem each."""

        async def restore_one(copy: RecordCopy) -> Restored:
            return await self._restore(copy, replace, now, patience)

        return await _some_at_once(copies, restore_one)

    async def compare(
        self, copies: Sequence[RecordCopy], *, replace: Replace, now: int, patience: float
    ) -> Sequence[Restored]:
        """Return what `restore` would answer, by one GetItem each."""

        async def compare_one(copy: RecordCopy) -> Restored:
            return await self._compare(copy, replace, now, patience)

        return await _some_at_once(copies, compare_one)

    async def _restore(
        self, copy: RecordCopy, replace: Replace, now: int, patience: float
    ) -> Restored:
        too_much = too_large(copy, self._max_data_bytes)
        if too_much:
            return too_much
        write_id = str(uuid4())
        request = self._requests.restore(copy, write_id, replace, now)
        try:
            await ask_patiently(
                self._ask,
                "UpdateItem",
                request,
                Effect.WRITE,
                owner=copy.key.owner,
                patience=patience,
            )
        except ConditionFailed as failed:
            return self._explain(failed, copy, write_id, replace, now)
        except ItemTooLarge:
            return refused("it is larger than a row of DynamoDB may be, 400 KB with its key")
        except KeyTooLong as error:
            return refused(error.message)
        return Restored(Outcome.WRITTEN)

    def _explain(
        self, failed: ConditionFailed, copy: RecordCopy, write_id: str, replace: Replace, now: int
    ) -> Restored:
        row = self._answers.item(failed.item)
        if isinstance(row, Row) and row.write_id == write_id:
            # The answer of an earlier attempt was lost.
            return Restored(Outcome.WRITTEN)
        answer = restore_over(row, copy, replace=replace, now=now)
        if answer.outcome is Outcome.WRITTEN:
            raise StorageError("a condition failed that holds")
        return answer

    async def _compare(
        self, copy: RecordCopy, replace: Replace, now: int, patience: float
    ) -> Restored:
        request = self._expressions.get(copy.key, consistent=True)
        try:
            body = await ask_patiently(
                self._ask, "GetItem", request, owner=copy.key.owner, patience=patience
            )
        except KeyTooLong as error:
            return refused(error.message)
        too_much = too_large(copy, self._max_data_bytes)
        return too_much or restore_over(self._answers.get(body), copy, replace=replace, now=now)


async def _some_at_once(copies: Sequence[RecordCopy], work: _Ask) -> Sequence[Restored]:
    """Do the work for each copy, `AT_ONCE` at a time, and return the answers in order.

    Raises:
        StorageError: The first one that came; the rest is given up then.
    """
    answers: list[Restored | None] = [None] * len(copies)
    left = iter(enumerate(copies))

    async def take_turns() -> None:
        for place, copy in left:
            answers[place] = await work(copy)

    tasks = [asyncio.create_task(take_turns()) for _ in range(min(AT_ONCE, len(copies)))]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [answer for answer in answers if answer is not None]
