"""A bounded pool of connections to one endpoint.

The connection released last is used first, so that those which are not needed grow
old. Who finds none and may open none waits in line; a released connection, or the
right to open one in its place, goes to the first in it.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from random import uniform
from typing import Protocol

from pannier_server.backends.dynamodb.wire.clock import suspend_aware_clock
from pannier_server.backends.dynamodb.wire.connection import Connection
from pannier_server.backends.dynamodb.wire.errors import AttemptFailed
from pannier_server.backends.dynamodb.wire.settings import Stats, WireSettings
from pannier_server.backends.errors import DeadlineExceeded, StorageError, StoreUnavailable

# Seconds of rest after which a connection is looked at before it is used: a server may have
# closed it while this process, or the whole sandbox, stood still.
_LOOK_AFTER = 0.005


class Opener(Protocol):
    """What opens connections; see `connector.Connector`."""

    async def connect(self) -> Connection:
        """Return a connection that is ready for a request."""
        ...


class Pool:
    """Connections, each used by one caller at a time."""

    def __init__(
        self,
        opener: Opener,
        settings: WireSettings,
        stats: Stats,
        *,
        clock: Callable[[], float] = suspend_aware_clock,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Start empty.

        Args:
            opener: What opens connections.
            settings: How many, and for how long.
            stats: Where opened connections are counted.
            clock: The clock of ages, in seconds.
            wall_clock: The wall clock, in seconds. A machine that was paused from outside may
                find no other clock changed.
        """
        self._opener = opener
        self._settings = settings
        self._stats = stats
        self._clock = clock
        self._wall_clock = wall_clock
        self._idle: deque[Connection] = deque()
        self._busy: set[Connection] = set()
        self._opening = 0
        self._openings: set[asyncio.Task[Connection]] = set()
        self._waiters: deque[asyncio.Future[Connection | None]] = deque()
        self._closed = False

    @property
    def size(self) -> int:
        """Connections that are idle, busy or being opened."""
        return len(self._idle) + len(self._busy) + self._opening

    @property
    def idle(self) -> int:
        """Connections that nobody uses."""
        return len(self._idle)

    @property
    def busy(self) -> int:
        """Connections that are in use."""
        return len(self._busy)

    @property
    def opening(self) -> int:
        """Connections that are being opened, and places that are reserved for some."""
        return self._opening

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return sum(not waiter.done() for waiter in self._waiters)

    def take(self) -> Connection | None:
        """Return an idle connection that can be used, or None."""
        now = self._clock()
        while self._idle:
            connection = self._idle.pop()
            if self._is_good(connection, now):
                self._busy.add(connection)
                return connection
            connection.abort()
        return None

    async def acquire(self, deadline: float, *, fresh: bool = False) -> Connection:
        """Return a connection, after a wait or after opening one.

        Args:
            deadline: When to stop, in seconds of ``loop.time()``.
            fresh: Whether an idle connection will not do.

        Raises:
            AttemptFailed: None can be opened.
            DeadlineExceeded: None became free, or ready, in time.
            StoreUnavailable: The pool is closed.
        """
        if self._closed:
            raise self._closed_error()
        connection = None if fresh else self.take()
        if connection is None:
            connection = await self._place(deadline)
        if connection is not None and not fresh:
            return connection
        if connection is not None:
            self._close(connection)
            self._opening += 1
        return await self._open(deadline)

    def release(self, connection: Connection) -> None:
        """Take a connection back after a whole exchange."""
        now = self._clock()
        if self._closed or not connection.usable or now >= connection.expires_at:
            self.discard(connection)
            return
        connection.idle_since = now
        connection.idle_since_wall = self._wall_clock()
        waiter = self._next_waiter()
        if waiter is not None:
            waiter.set_result(connection)
            return
        self._busy.discard(connection)
        self._idle.append(connection)
        self._drop_oldest(now)

    def discard(self, connection: Connection) -> None:
        """Close a connection that cannot be used again, and pass on its place."""
        self._close(connection)
        self._offer_place()

    def close(self) -> None:
        """Close all connections and turn away all who wait."""
        self._closed = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(self._closed_error())
        self._waiters.clear()
        for opening in self._openings:
            opening.cancel()
        for connection in (*self._idle, *self._busy):
            connection.abort()
        self._idle.clear()
        self._busy.clear()

    async def _place(self, deadline: float) -> Connection | None:
        """Reserve a place for a new connection; None says that it is reserved.

        Where the pool is full and all are busy, that may bring a released connection.
        """
        if self.size >= self._settings.max_connections:
            if not self._idle:
                return await self._wait(deadline)
            self._idle.popleft().abort()
        self._opening += 1
        return None

    async def _open(self, deadline: float) -> Connection:
        """Open a connection in a place that was reserved.

        Where the caller cannot wait for it, it still becomes an idle one: callers with
        little time would never have a connection otherwise.
        """
        loop = asyncio.get_running_loop()
        opening = loop.create_task(self._opener.connect())
        self._openings.add(opening)
        try:
            await asyncio.wait((opening,), timeout=max(deadline - loop.time(), 0))
        except asyncio.CancelledError:
            opening.add_done_callback(self._adopt)
            raise
        if not opening.done():
            opening.add_done_callback(self._adopt)
            raise DeadlineExceeded("the deadline passed while a connection was being opened")
        return self._opened(opening)

    def _opened(self, opening: "asyncio.Task[Connection]") -> Connection:
        """Return the new connection as a busy one, or raise why there is none."""
        self._openings.discard(opening)
        if self._closed:
            if not opening.cancelled() and opening.exception() is None:
                opening.result().abort()
            raise self._closed_error()
        try:
            connection = opening.result()
        except BaseException:
            self._give_back_place()
            raise
        self._opening -= 1
        longest = self._settings.max_connection_age
        connection.expires_at = self._clock() + longest * uniform(0.8, 1.0)
        self._busy.add(connection)
        self._stats.connections_opened += 1
        return connection

    def _adopt(self, opening: "asyncio.Task[Connection]") -> None:
        """Take a connection in whose caller has gone."""
        with suppress(AttemptFailed, StorageError):
            self.release(self._opened(opening))

    async def _wait(self, deadline: float) -> Connection | None:
        """Stand in line for a connection, or for a reserved place (None)."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Connection | None] = loop.create_future()
        self._waiters.append(waiter)
        timer = loop.call_at(deadline, _end_wait, waiter, self._settings.max_connections)
        try:
            return await waiter
        except BaseException:
            self._leave_line(waiter)
            raise
        finally:
            timer.cancel()

    def _leave_line(self, waiter: "asyncio.Future[Connection | None]") -> None:
        """Give up waiting, and what was given in the moment of a cancellation."""
        with suppress(ValueError):
            self._waiters.remove(waiter)
        if waiter.cancelled() or waiter.exception() is not None:
            return
        connection = waiter.result()
        if connection is None:
            self._give_back_place()
        else:
            self.release(connection)

    def _next_waiter(self) -> "asyncio.Future[Connection | None] | None":
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                return waiter
        return None

    def _offer_place(self) -> None:
        waiter = self._next_waiter()
        if waiter is not None:
            self._opening += 1
            waiter.set_result(None)

    def _give_back_place(self) -> None:
        self._opening -= 1
        self._offer_place()

    def _is_good(self, connection: Connection, now: float) -> bool:
        """Whether a connection can be used after its rest, by the clock that saw more of it."""
        idle = now - connection.idle_since
        idle_by_wall = self._wall_clock() - connection.idle_since_wall
        if idle_by_wall > idle:
            idle = idle_by_wall
        return (
            connection.usable
            and idle < self._settings.idle_timeout
            and now < connection.expires_at
            # In a busy moment the loop has seen whatever there is to see.
            and (idle < _LOOK_AFTER or connection.is_quiet)
        )

    def _is_over(self, connection: Connection, now: float) -> bool:
        return (
            not connection.usable
            or now - connection.idle_since >= self._settings.idle_timeout
            or now >= connection.expires_at
        )

    def _drop_oldest(self, now: float) -> None:
        while self._idle and self._is_over(self._idle[0], now):
            self._idle.popleft().abort()

    def _close(self, connection: Connection) -> None:
        connection.abort()
        self._busy.discard(connection)

    def _closed_error(self) -> StoreUnavailable:
        return StoreUnavailable("the connections to DynamoDB are closed: the server is stopping")


def _end_wait(waiter: "asyncio.Future[Connection | None]", bound: int) -> None:
    if not waiter.done():
        waiter.set_exception(
            DeadlineExceeded(f"the deadline passed while all {bound} connections were busy")
        )
