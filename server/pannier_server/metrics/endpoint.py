"""Where metrics are served: a small HTTP server on one address."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from time import perf_counter, thread_time
from typing import TYPE_CHECKING, Final

from pannier_server.config import ListenAddress, Settings
from pannier_server.config.addresses import UnixAddress
from pannier_server.metrics.samples import Snapshot
from pannier_server.metrics.scrape import PATH, ScrapeProtocol
from pannier_server.transport.listeners import Listener, addresses_of, open_listeners
from pannier_server.transport.sockets import ListenError, socket_access

if TYPE_CHECKING:
    from pannier_server.metrics.exposition import Page

_log = logging.getLogger(__name__)

MAX_CONNECTIONS: Final = 16
"""Connections at once; a new one takes the place of the oldest that has not asked yet."""

_LARGEST_SHARE: Final = 0.05
"""The part of its time that a process spends on writing metrics down, however often it is
asked: who asks too often waits."""

Read = Callable[[], Awaitable[Snapshot]]


@contextmanager
def metrics_listeners(settings: Settings) -> Iterator[tuple[Listener, ...]]:
    """Listen where the settings say, for the body of a ``with``; nowhere where they do not.

    Raises:
        ListenError: The address cannot be had.
        SettingsError: There is no such group or user.
    """
    if settings.metrics is None:
        yield ()
        return
    try:
        opening = open_listeners([settings.metrics], socket_access(settings))
        with opening as listeners:
            yield listeners
    except ListenError as error:
        # What the addresses of gRPC are told, this one's setting is told too.
        raise ListenError(str(error).replace("--listen", "--metrics")) from None


@asynccontextmanager
async def serving_metrics(listeners: tuple[Listener, ...], read: Read) -> AsyncIterator[None]:
    """Serve metrics on sockets for the body of an ``async with``.

    Args:
        listeners: Where.
        read: Returns what to show.
    """
    endpoint = _Endpoint(read)
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(endpoint.connection, sock=listener.sock) for listener in listeners
    ]
    for address in addresses_of(listeners):
        _log.info("metrics are at %s", _shown(address))
    try:
        yield
    finally:
        for server in servers:
            server.close()
        endpoint.close()


class _Endpoint:
    """Makes the connections, and what they answer with."""

    def __init__(self, read: Read) -> None:
        # A process that serves no metrics does not have it in memory, nor wait for it.
        from pannier_server.metrics.exposition import page

        self._read = read
        self._page = page
        self._connections: dict[ScrapeProtocol, None] = {}
        self._turn = asyncio.Lock()
        self._not_before = 0.0

    def connection(self) -> ScrapeProtocol:
        """Return what serves a connection that has just come."""
        if len(self._connections) >= MAX_CONNECTIONS:
            self._make_room()
        connection = ScrapeProtocol(self._render, self._forget)
        self._connections[connection] = None
        return connection

    def close(self) -> None:
        """End all connections."""
        for connection in list(self._connections):
            connection.abort()

    def _make_room(self) -> None:
        waiting = (each for each in self._connections if not each.is_answering)
        oldest = next(waiting, None) or next(iter(self._connections))
        self._forget(oldest)
        oldest.abort()

    def _forget(self, connection: ScrapeProtocol) -> None:
        self._connections.pop(connection, None)

    async def _render(self, accept: str) -> "Page":
        async with self._turn:
            await asyncio.sleep(self._not_before - perf_counter())
            snapshot = await self._read()
            started = thread_time()
            page = self._page(snapshot, accept)
            used = thread_time() - started
            self._not_before = perf_counter() + used * (1 / _LARGEST_SHARE - 1)
            return page


def _shown(address: ListenAddress) -> str:
    path = PATH.decode()
    if isinstance(address, UnixAddress):
        return f"{path} on {address}"
    return f"http://{address}{path}"
