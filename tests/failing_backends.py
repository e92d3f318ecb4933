"""Stores that do not do what they are asked to."""

import asyncio

from pannier_server.backends.contract import Call, Key, Page, PageRequest, Record, Write, Written
from pannier_server.backends.memory import MemoryBackend


class FailingBackend(MemoryBackend):
    """Fails each read and write of a record with one error."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def get(self, key: Key, *, consistent: bool, call: Call) -> Record:
        raise self.error

    async def put(self, key: Key, write: Write, call: Call) -> Written:
        raise self.error


class WaitingBackend(MemoryBackend):
    """Answers no write and no list, and says when it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def put(self, key: Key, write: Write, call: Call) -> Written:
        self.asked.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    async def list_page(self, request: PageRequest, call: Call) -> Page:
        self.asked.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")
