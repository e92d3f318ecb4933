"""The asyncio calls of a store: `pannier._connection` with awaits."""

import asyncio
import logging
import math
import os
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any, TypeVar

import grpc
import grpc.aio

from pannier._attempts import Attempts, Safety
from pannier._closing import already_closed, check_process, closed_early, out_of_time
from pannier._listing import Listing, cut_short
from pannier._settings import Settings
from pannier._status import may_have_been_sent, read_error
from pannier.errors import PannierError
from pannier.records import Page
from pannier.v1.storage_pb2_grpc import StorageBackendStub

_log = logging.getLogger("pannier")

# Closing a channel cancels what runs on it, which reads as if the task were cancelled.
_FAILURES = (grpc.RpcError, grpc.aio.UsageError, asyncio.CancelledError)

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")


class Connection:
    """A channel to the sidecar, for the tasks of one event loop."""

    def __init__(self, settings: Settings) -> None:
        """Make the channel; it connects with the first call.

        Raises:
            RuntimeError: No event loop is running.
        """
        # Without one gRPC would bind the channel to a loop that may never run.
        asyncio.get_running_loop()
        self.settings = settings
        self._channel = _open_channel(settings)
        self._closed = asyncio.Event()
        self._process = os.getpid()
        self.stub: Any = StorageBackendStub(self._channel)  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """End what runs and close the channel."""
        self._closed.set()
        await self._channel.close()

    async def call(
        self,
        method: "grpc.aio.UnaryUnaryMultiCallable[RequestT, ResponseT]",
        request: RequestT,
        safety: Safety,
        deadline: float,
    ) -> ResponseT:
        """Return the answer to a call; see `pannier._connection.Connection.call`."""
        attempts = Attempts(self.settings.retries, safety, deadline)
        error: PannierError | None = None
        while True:
            seconds = deadline - time.monotonic()
            self._check(attempts, seconds, error)
            try:
                return await method(request, timeout=seconds, metadata=self.settings.metadata)
            except _FAILURES as cause:
                error = self._read_error(cause)
                sent = may_have_been_sent(cause, self.settings.target)
                pause = attempts.after_failure(error, time.monotonic(), sent=sent)
                if pause is None:
                    raise error from cause
            await self.pause(pause, error)

    async def pages(self, listing: Listing, timeout: float | None) -> AsyncGenerator[Page, None]:
        """Yield the pages of a list; see `pannier._connection.Connection.pages`."""
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while not listing.ended:
            cause: BaseException | None = None
            try:
                async with aclosing(self._stream(listing, deadline)) as pages:
                    async for page in pages:
                        yield page
            except _FAILURES as failure:
                cause = failure
            if listing.ended and not isinstance(cause, asyncio.CancelledError):
                return
            error = self._read_error(cause) if cause else cut_short()
            now = time.monotonic()
            give_up = min(deadline, now + self.settings.timeout)
            pause = listing.after_failure(error, self.settings.retries, give_up=give_up, now=now)
            if pause is None:
                raise error from cause
            await self.pause(pause, error)

    async def pause(self, seconds: float, error: PannierError) -> None:
        """Wait before another attempt; closing the store ends the wait."""
        _log.debug("after %s: another attempt in %.3f s", error.code.name, seconds)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closed.wait()

    async def _stream(self, listing: Listing, deadline: float) -> AsyncGenerator[Page, None]:
        seconds = deadline - time.monotonic()
        self._check(Attempts(self.settings.retries, Safety.READ, deadline), seconds, None)
        call = self.stub.ListByPrefix(
            listing.request(),
            timeout=None if math.isinf(seconds) else seconds,
            metadata=self.settings.metadata,
        )
        try:
            async for answer in call:
                yield listing.accept(answer)
        finally:
            call.cancel()

    def _check(self, attempts: Attempts, seconds: float, last: PannierError | None) -> None:
        """Raise where another attempt cannot be sent; ``last`` is the last one's error."""
        check_process(self._process)
        if self._closed.is_set():
            raise attempts.merge(already_closed())
        if seconds <= 0:
            raise last or attempts.merge(out_of_time())

    def _read_error(self, cause: BaseException) -> PannierError:
        if self._closed.is_set() and not _is_cancelled():
            return closed_early()
        if isinstance(cause, grpc.RpcError):
            return read_error(cause, self.settings.address)
        raise cause


def _is_cancelled() -> bool:
    """Tell whether someone cancels the running task itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _open_channel(settings: Settings) -> grpc.aio.Channel:
    if settings.credentials is None:
        return grpc.aio.insecure_channel(settings.target, settings.channel_options)
    return grpc.aio.secure_channel(settings.target, settings.credentials, settings.channel_options)
