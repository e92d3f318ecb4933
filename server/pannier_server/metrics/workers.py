"""Metrics of several processes: the parent asks its workers, and adds up what they show.

Each worker has a socket to its parent. A byte on it asks for a snapshot, and a line of
JSON answers. What a worker had counted when it was last asked outlives it, so that the
sums of counters never fall.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, cast

from pannier_server.config import Settings
from pannier_server.metrics.endpoint import metrics_listeners, serving_metrics
from pannier_server.metrics.process import ProcessUsage, build_samples, worker_samples
from pannier_server.metrics.samples import Snapshot, decode, encode, grown, merged

ANSWER_SECONDS: Final = 1.0
"""How long workers have to answer; of one that does not its last snapshot is shown."""

_ASK: Final = b"?"


async def answer_parent(sock: socket.socket, snapshot: Callable[[], Snapshot]) -> None:
    """Answer the parent's questions from now on, in the running loop.

    Args:
        sock: The worker's end of the socket, which this takes over.
        snapshot: Returns what to answer.
    """
    loop = asyncio.get_running_loop()
    await loop.create_unix_connection(lambda: _Answering(snapshot), sock=sock)


@asynccontextmanager
async def serving_workers_metrics(settings: Settings) -> AsyncIterator["WorkersMetrics"]:
    """Serve what all workers count for the body of an ``async with``.

    Raises:
        ListenError: The address cannot be had.
    """
    workers = WorkersMetrics(settings)
    with metrics_listeners(settings) as listeners:
        async with serving_metrics(listeners, workers.snapshot):
            yield workers


class WorkersMetrics:
    """The parent's view of its workers.

    Attributes:
        restarts: How many were started in place of one that ended.
    """

    def __init__(self, settings: Settings) -> None:
        """Begin without workers."""
        self.restarts = 0
        self._build = build_samples(settings)
        self._usage = ProcessUsage()
        self._asking: set[_Asking] = set()
        self._outlived: Snapshot = []

    async def add(self, sock: socket.socket) -> None:
        """Ask a worker from now on, by the parent's end of the socket to it."""
        loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: _Asking(self), sock=sock.dup())

    async def snapshot(self) -> Snapshot:
        """Return what all workers show together, as it is now where they answer in time."""
        answers = {asking.ask() for asking in self._asking}
        silent = 0
        if answers:
            _, unanswered = await asyncio.wait(answers, timeout=ANSWER_SECONDS)
            silent = len(unanswered)
        return merged(
            [
                self._outlived,
                *(asking.last for asking in self._asking),
                self._build,
                list(self._usage.samples()),
                worker_samples(restarts=self.restarts, silent=silent),
            ]
        )

    def joined(self, asking: "_Asking") -> None:
        """Ask this worker from now on."""
        self._asking.add(asking)

    def left(self, asking: "_Asking") -> None:
        """Keep what a worker had counted that is gone."""
        self._asking.discard(asking)
        self._outlived = merged([self._outlived, grown(asking.last)])


class _Answering(asyncio.Protocol):
    """The worker's end."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(encode(self._snapshot()) + b"\n")


class _Asking(asyncio.Protocol):
    """The parent's end.

    Attributes:
        last: What the worker answered last.
    """

    def __init__(self, workers: WorkersMetrics) -> None:
        self.last: Snapshot = []
        self._workers = workers
        self._unread = bytearray()
        self._answer: asyncio.Future[None] | None = None

    def ask(self) -> "asyncio.Future[None]":
        """Ask for a snapshot, and return what is done once it is there.

        A worker that has not answered yet is not asked again.
        """
        if self._answer is None:
            self._answer = asyncio.get_running_loop().create_future()
            self._transport.write(_ASK)
        return self._answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._workers.joined(self)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        line, end, rest = self._unread.partition(b"\n")
        if end:
            self.last = decode(bytes(line))
            self._unread = rest
            self._answered()

    def connection_lost(self, error: Exception | None) -> None:
        self._workers.left(self)
        self._answered()

    def _answered(self) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_result(None)
