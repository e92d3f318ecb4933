"""Calls as tests make them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from pannier_server.backends.dynamodb.wire.client import DynamoDBClient
from pannier_server.backends.dynamodb.wire.retries import Effect


@dataclass(frozen=True)
class Caller:
    """A client, and short ways to call it."""

    client: DynamoDBClient

    async def read(self, seconds: float = 10, body: bytes = b'{"Key":{}}') -> bytes:
        return await self._call("GetItem", body, Effect.READ, seconds)

    async def write(self, seconds: float = 10) -> bytes:
        return await self._call("UpdateItem", b'{"Key":{}}', Effect.WRITE, seconds)

    async def write_once(self, seconds: float = 10) -> bytes:
        return await self._call("DeleteItem", b'{"Key":{}}', Effect.WRITE_ONCE, seconds)

    async def _call(self, operation: str, body: bytes, effect: Effect, seconds: float) -> bytes:
        deadline = asyncio.get_running_loop().time() + seconds
        return await self.client.call(operation, body, effect=effect, deadline=deadline)


async def until(happened: Callable[[], bool]) -> None:
    """Return when something has happened that tells no one."""
    while not happened():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0.001)
