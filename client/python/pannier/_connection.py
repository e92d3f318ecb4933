"""The synchronous calls of a store: one channel, attempts, pauses, broken lists."""

import logging
import math
import os
import threading
import time
from collections.abc import Generator
from typing import Any, TypeVar

import grpc

from pannier._attempts import Attempts, Safety
from pannier._closing import already_closed, check_process, closed_early, out_of_time
from pannier._listing import Listing, cut_short
from pannier._settings import Settings
from pannier._status import may_have_been_sent, read_error
from pannier.errors import PannierError
from pannier.records import Page
from pannier.v1.storage_pb2_grpc import StorageBackendStub

_log = logging.getLogger("pannier")

# Streams that a forked child has let go. gRPC would cancel them, and may crash on that.
_of_the_parent: list[Any] = []

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")


class Connection:
    """A channel to the sidecar, shared by threads."""

    def __init__(self, settings: Settings) -> None:
        """Make the channel; it connects with the first call."""
        self.settings = settings
        self._channel = _open_channel(settings)
        self._closed = threading.Event()
        self._process = os.getpid()
        self.stub: Any = StorageBackendStub(self._channel)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """End what runs and close the channel. In a forked child it does nothing."""
        if self._is_ours():
            self._closed.set()
            self._channel.close()

    def call(
        self,
        method: "grpc.UnaryUnaryMultiCallable[RequestT, ResponseT]",
        request: RequestT,
        safety: Safety,
        deadline: float,
    ) -> ResponseT:
        """Return the answer to a call, over as many attempts as are safe and fit.

        A call for which no connection can be made was certainly not sent, and is made again.
        So a sidecar that is not there leaves no doubt about a write, and the error says why
        nobody answers.

        Args:
            method: The stub's method.
            request: The same request for each attempt.
            safety: What a second attempt could do.
            deadline: When it must end, as `time.monotonic` tells it.

        Raises:
            PannierError: The last attempt's error, with the outcome of all.
        """
        attempts = Attempts(self.settings.retries, safety, deadline)
        error: PannierError | None = None
        while True:
            seconds = deadline - time.monotonic()
            self._check(attempts, seconds, error)
            try:
                return method(request, timeout=seconds, metadata=self.settings.metadata)
            except (grpc.RpcError, ValueError) as cause:
                error = self._read_error(cause)
                sent = may_have_been_sent(cause, self.settings.target)
                pause = attempts.after_failure(error, time.monotonic(), sent=sent)
                if pause is None:
                    raise error from cause
            self.pause(pause, error)

    def pages(self, listing: Listing, timeout: float | None) -> Generator[Page, None, None]:
        """Yield the pages of a list, going on after breaks; the stream ends with the generator.

        Args:
            listing: The list, before its first page.
            timeout: Seconds for the whole list; None for no limit.
        """
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while not listing.ended:
            cause: Exception | None = None
            try:
                yield from self._stream(listing, deadline)
            except (grpc.RpcError, ValueError) as failure:
                cause = failure
            if listing.ended:
                return
            error = self._read_error(cause) if cause else cut_short()
            now = time.monotonic()
            give_up = min(deadline, now + self.settings.timeout)
            pause = listing.after_failure(error, self.settings.retries, give_up=give_up, now=now)
            if pause is None:
                raise error from cause
            self.pause(pause, error)

    def pause(self, seconds: float, error: PannierError) -> None:
        """Wait before another attempt; closing the store ends the wait."""
        _log.debug("after %s: another attempt in %.3f s", error.code.name, seconds)
        self._closed.wait(seconds)

    def _stream(self, listing: Listing, deadline: float) -> Generator[Page, None, None]:
        seconds = deadline - time.monotonic()
        self._check(Attempts(self.settings.retries, Safety.READ, deadline), seconds, None)
        call = self.stub.ListByPrefix(
            listing.request(),
            timeout=None if math.isinf(seconds) else seconds,
            metadata=self.settings.metadata,
        )
        try:
            for answer in call:
                yield listing.accept(answer)
        finally:
            if self._is_ours():
                call.cancel()
            else:
                _of_the_parent.append(call)

    def _check(self, attempts: Attempts, seconds: float, last: PannierError | None) -> None:
        """Raise where another attempt cannot be sent; ``last`` is the last one's error."""
        check_process(self._process)
        if self._closed.is_set():
            raise attempts.merge(already_closed())
        if seconds <= 0:
            raise last or attempts.merge(out_of_time())

    def _is_ours(self) -> bool:
        """Tell whether this process made the channel; another one could crash on touching it."""
        return os.getpid() == self._process

    def _read_error(self, cause: Exception) -> PannierError:
        if self._closed.is_set():
            return closed_early()
        if isinstance(cause, grpc.RpcError):
            return read_error(cause, self.settings.address)
        raise cause


def _open_channel(settings: Settings) -> grpc.Channel:
    if settings.credentials is None:
        return grpc.insecure_channel(settings.target, settings.channel_options)
    return grpc.secure_channel(settings.target, settings.credentials, settings.channel_options)
