"""The asyncio store with the interface of the synchronous one, so that one test runs both."""

import asyncio
import inspect
import threading
from collections.abc import AsyncGenerator, Coroutine, Generator
from typing import Any, TypeVar

import pannier
import pannier.aio

ResultT = TypeVar("ResultT")


class BlockingAioStore:
    """Runs an asyncio store on an event loop in a thread of its own."""

    def __init__(self, address: str, **settings: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._store = self._run(self._connect(address, settings))

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        def call(*arguments: Any, **keywords: Any) -> Any:
            result = method(*arguments, **keywords)
            return self._items(result) if inspect.isasyncgen(result) else self._run(result)

        return call

    def stop(self) -> None:
        """Close the store and its loop."""
        self._run(self._store.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _items(self, items: AsyncGenerator[Any, Any]) -> Generator[Any, None, None]:
        async def following() -> Any:
            return await anext(items)

        try:
            while True:
                try:
                    yield self._run(following())
                except StopAsyncIteration:
                    return
        finally:
            # One that is left in the middle may be collected after all is over.
            if not self._loop.is_closed():
                self._run(items.aclose())

    def _run(self, coroutine: Coroutine[Any, Any, ResultT]) -> ResultT:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    @staticmethod
    async def _connect(address: str, settings: dict[str, Any]) -> pannier.aio.Store:
        return pannier.aio.connect(address, **settings)
