"""The credentials at hand: read without waiting while they are valid, renewed ahead.

One look-up runs at a time, in a thread, whoever asked for it. A caller that finds
valid credentials never waits for one.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Protocol

from pannier_server.backends.dynamodb.wire.credentials import Credentials
from pannier_server.backends.dynamodb.wire.daemon import run_in_daemon_thread
from pannier_server.backends.errors import DeadlineExceeded, StorageError, StoreUnavailable

_log = logging.getLogger(__name__)

RETRY_AFTER = 2.0
"""Seconds after a failed look-up until the next one; meanwhile its error is the answer."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a look-up found.

    Attributes:
        credentials: The keys.
        refresh_at: When to look again, in epoch seconds.
        valid_until: Until when they can be used without looking again.
    """

    credentials: Credentials
    refresh_at: float = inf
    valid_until: float = inf


class CredentialChain(Protocol):
    """Where credentials come from. Its methods block, and only one runs at a time."""

    def load(self) -> Loaded:
        """Look through all sources anew.

        Raises:
            StorageError: No usable credentials were found.
        """
        ...

    def refresh(self) -> Loaded:
        """Return what was found last, renewed by its source where that is due.

        Raises:
            StorageError: It cannot be used any longer, and cannot be renewed now.
        """
        ...


@dataclass(frozen=True, slots=True)
class FixedCredentials:
    """A chain with one answer, such as the environment's; there is nothing to look for."""

    credentials: Credentials

    def load(self) -> Loaded:
        """Return them; they are not known to end."""
        return Loaded(self.credentials)

    def refresh(self) -> Loaded:
        """Return them again."""
        return Loaded(self.credentials)


class CredentialCache:
    """Hands out credentials, and keeps them fresh."""

    def __init__(
        self,
        chain: CredentialChain,
        *,
        clock: Callable[[], float] = time.time,
        retry_after: float = RETRY_AFTER,
    ) -> None:
        """Start without credentials; the first `fetch` looks for them.

        Args:
            chain: Where to look. It is called in threads.
            clock: The wall clock, in epoch seconds: what expiry is about.
            retry_after: Seconds between a failed look-up and the next.
        """
        self._chain = chain
        self._clock = clock
        self._retry_after = retry_after
        self._credentials: Credentials | None = None
        self._refresh_at = 0.0
        self._valid_until = 0.0
        self._loading: asyncio.Future[Loaded] | None = None
        self._error: StorageError | None = None
        self._retry_at = 0.0

    def current(self) -> Credentials | None:
        """Return the credentials at hand, or None where they have to be fetched.

        Where they are due, a look-up begins in the background.
        """
        now = self._clock()
        if now < self._refresh_at:
            return self._credentials
        if now >= self._valid_until:
            return None
        if not self._has_just_looked:
            self._begin(self._chain.refresh)
        return self._credentials

    async def fetch(self, deadline: float) -> Credentials:
        """Return credentials, after a look-up where none are at hand.

        Args:
            deadline: When to stop waiting, in seconds of ``loop.time()``.

        Raises:
            StorageError: None were found; the message says why and what to do.
            DeadlineExceeded: The look-up takes longer than the deadline allows.
        """
        credentials = self.current()
        if credentials is not None:
            return credentials
        if self._loading is None and self._error is not None and self._has_just_looked:
            raise self._repeated(self._error)
        look_up = self._chain.load if self._credentials is None else self._chain.refresh
        return await self._wait(self._begin(look_up), deadline)

    async def renew(self, rejected: Credentials, deadline: float) -> Credentials:
        """Return other credentials than those that DynamoDB called expired.

        All sources are looked through anew, but not more often than after a failure.
        The answer may be the same credentials again: then there are no others.

        Raises:
            StorageError: As for `fetch`.
            DeadlineExceeded: As for `fetch`.
        """
        if self._loading is not None:
            await self._wait(self._loading, deadline)
        if self._credentials == rejected and not self._has_just_looked:
            self._retry_at = self._clock() + self._retry_after
            await self._wait(self._begin(self._chain.load), deadline)
        return self._credentials or rejected

    @property
    def _has_just_looked(self) -> bool:
        """Whether it is too early for another look-up, on a clock that may be set back."""
        return 0 < self._retry_at - self._clock() <= self._retry_after

    def _begin(self, look_up: Callable[[], Loaded]) -> "asyncio.Future[Loaded]":
        if self._loading is None:
            self._loading = run_in_daemon_thread(look_up)
            self._loading.add_done_callback(self._finished)
        return self._loading

    def _finished(self, loading: "asyncio.Future[Loaded]") -> None:
        self._loading = None
        error = None if loading.cancelled() else loading.exception()
        if error is not None:
            self._failed(error)
        elif not loading.cancelled():
            loaded = loading.result()
            self._credentials = loaded.credentials
            self._refresh_at = loaded.refresh_at
            self._valid_until = loaded.valid_until
            self._error = None

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, StorageError):
            error = StoreUnavailable(
                f"looking for AWS credentials failed ({type(error).__name__}); it is tried again"
            )
        _log.warning("AWS credentials: %s", error)
        self._error = error
        self._retry_at = self._clock() + self._retry_after

    async def _wait(self, loading: "asyncio.Future[Loaded]", deadline: float) -> Credentials:
        """Wait for a look-up that others may wait for too, so it is never cancelled."""
        remaining = deadline - asyncio.get_running_loop().time()
        await asyncio.wait((loading,), timeout=max(remaining, 0))
        if not loading.done():
            raise DeadlineExceeded("the deadline passed while AWS credentials were looked up")
        if loading.exception() is not None and self._error is not None:
            raise self._repeated(self._error)
        return loading.result().credentials

    def _repeated(self, error: StorageError) -> StorageError:
        """Return the error anew: each caller marks its own with its write's outcome."""
        if self._credentials is None:
            return type(error)(error.message)
        return StoreUnavailable(f"the AWS credentials are being refreshed: {error.message}")
