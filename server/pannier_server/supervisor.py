"""Several worker processes behind the same addresses.

The parent opens the sockets, starts the workers, replaces one that dies, and passes
signals on. A worker reads its orders from its standard input, says on its standard
output that it listens, and drains when its parent is gone.

Workers of the h2 transport accept from the parent's own sockets. grpcio cannot take
any, so its workers listen on the same ports (SO_REUSEPORT), which the parent holds.
"""

import asyncio
import contextlib
import logging
import os
import pickle
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pannier_server import __version__
from pannier_server.announcement import announce_line
from pannier_server.config import ListenAddress, Settings, TcpAddress
from pannier_server.security.auth_file import read_auth_file
from pannier_server.tracing.extra import require_extra
from pannier_server.transport.listeners import Listener, addresses_of, open_listeners
from pannier_server.transport.sockets import ListenError, socket_access
from pannier_server.transport.tls import tls_context

if TYPE_CHECKING:
    from pannier_server.metrics.workers import WorkersMetrics

_log = logging.getLogger(__name__)

# Where none has served, one that ends this many times in a row before it listens never will.
_MAX_FAILED_STARTS = 3
# Seconds between starts that fail; each pause is twice the last.
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker is told.

    Attributes:
        settings: The sidecar's settings, with the ports that were chosen.
        shared: The descriptors of sockets that it is to accept from, and where each
            listens. Empty where it is to listen by itself.
        metrics: The descriptor of a socket on which it answers what it counts; None where nobody
            asks.
    """

    settings: Settings
    shared: tuple[tuple[int, ListenAddress], ...]
    metrics: int | None = None


def supervise(settings: Settings) -> int:
    """Run ``settings.workers`` processes until SIGTERM or SIGINT; return the exit code.

    Raises:
        SettingsError: The auth file or one of TLS, or the sockets' group or users, cannot be used.
        ListenError: An address cannot be had.
    """
    # Each worker loads the files itself; wrong ones are said once, here.
    tls_context(settings)
    if settings.traces:
        require_extra(settings)
    if settings.auth:
        read_auth_file(settings)
    listeners: Sequence[Listener] = ()
    with contextlib.ExitStack() as stack:
        if settings.transport == "h2":
            access = socket_access(settings)
            listeners = stack.enter_context(open_listeners(settings.listen, access))
            listen = addresses_of(listeners)
        else:
            listen = tuple(stack.enter_context(_held_port(address)) for address in settings.listen)
        settings = replace(settings, listen=listen)
        return asyncio.run(_Workers(settings, listeners, stack.close).run())


@contextlib.contextmanager
def _held_port(address: ListenAddress) -> Iterator[TcpAddress]:
    """Hold a TCP port, without listening on it, so that all workers get the same one."""
    if not isinstance(address, TcpAddress):
        raise ListenError(f"several workers cannot share {address}; listen on TCP only")
    # Only a bind without SO_REUSEPORT fails where another program has the port.
    with _bound(address, socket.SO_REUSEADDR) as probe:
        port = probe.getsockname()[1]
    with _bound(replace(address, port=port), socket.SO_REUSEPORT):
        yield replace(address, port=port)


def _bound(address: TcpAddress, option: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        sock = socket.socket(found[0][0], socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, option, 1)
        sock.bind(found[0][4])
    except OSError as error:
        raise ListenError(
            f"cannot listen on {address}: {error.strerror}; choose another --listen"
        ) from None
    return sock


def _signal_code(number: int) -> int:
    """Return the exit code that stands for an end by a signal, as in a shell."""
    return 128 + number


def _send(process: Process, number: signal.Signals) -> None:
    # Not by the process object: before it sends a signal it looks whether the process has
    # ended, and so would take the exit code from asyncio, which waits for it.
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, number)


@contextlib.asynccontextmanager
async def _serving_metrics(settings: Settings) -> AsyncIterator["WorkersMetrics | None"]:
    if settings.metrics is None:
        yield None
        return
    from pannier_server.metrics.workers import serving_workers_metrics

    async with serving_workers_metrics(settings) as metrics:
        yield metrics


@contextlib.contextmanager
def _metrics_channel(
    metrics: "WorkersMetrics | None",
) -> Iterator[tuple[socket.socket | None, socket.socket | None]]:
    """Yield the parent's and the worker's end of a socket; None where nobody asks for metrics."""
    if metrics is None:
        yield None, None
        return
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


class _Workers:
    """The workers of one parent."""

    def __init__(
        self,
        settings: Settings,
        listeners: Sequence[Listener] = (),
        stop_listening: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._listeners = listeners
        self._stop_listening = stop_listening
        self._running: set[Process] = set()
        self._ready: set[Process] = set()
        self._listening = 0
        self._stopping = asyncio.Event()
        self._metrics: WorkersMetrics | None = None
        self._ended_by = 0

    async def run(self) -> int:
        """Keep all workers running until a signal; return the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop_or_end, number)
        if self._settings.auth or self._settings.tls_cert:
            loop.add_signal_handler(signal.SIGHUP, self._reload)
        async with _serving_metrics(self._settings) as self._metrics:
            keeping = [self._keep_worker() for _ in range(self._settings.workers)]
            code = max(await asyncio.gather(*keeping))
        return _signal_code(self._ended_by) if self._ended_by else code

    def _stop_or_end(self, number: signal.Signals) -> None:
        """Drain the workers; a second signal, which reaches them the same way, ends them."""
        if self._stopping.is_set():
            self._ended_by = number
        self._stop()

    def _reload(self) -> None:
        """Have the workers read their files again; one that starts reads them anyway."""
        for process in self._ready:
            _send(process, signal.SIGHUP)

    def _stop(self) -> None:
        self._stopping.set()
        # While the parent has a socket open too, connections that nobody takes any more
        # would wait instead of being refused.
        self._stop_listening()
        for process in self._running:
            # Whatever came here: of SIGINT a worker that still starts would tell at length.
            _send(process, signal.SIGTERM)

    async def _keep_worker(self) -> int:
        """Run one worker, and another when it dies; return the last one's exit code."""
        failed_starts = 0
        has_served = False
        while not self._stopping.is_set():
            listened, code = await self._run_worker()
            if self._stopping.is_set():
                # One that did not listen yet had nothing to finish, nor has one that died.
                return max(code, 0) if listened else 0
            has_served = has_served or listened
            failed_starts = 0 if listened else failed_starts + 1
            if failed_starts == _MAX_FAILED_STARTS and not has_served:
                self._stop()
                return _signal_code(-code) if code < 0 else code or 1
            await self._pause(code, failed_starts)
        return 0

    async def _pause(self, code: int, failed_starts: int) -> None:
        """Say that a worker has ended, and wait as long as it takes to start another."""
        if self._metrics:
            self._metrics.restarts += 1
        if not failed_starts:
            _log.warning("a worker ended with code %d; starting another", code)
            return
        # What keeps it from starting, such as a file that is wrong, may be mended meanwhile.
        seconds = min(_FIRST_PAUSE * 2 ** (failed_starts - 1), _LONGEST_PAUSE)
        _log.warning(
            "a worker ended with code %d before it served; starting another in %g s", code, seconds
        )
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _run_worker(self) -> tuple[bool, int]:
        """Run one worker to its end; return whether it ever listened, and its exit code."""
        # In a session of its own a worker does not see the terminal's Ctrl-C: the
        # parent passes it on, once.
        shared = tuple((each.sock.fileno(), each.address) for each in self._listeners)
        with _metrics_channel(self._metrics) as (ours, theirs):
            orders = Orders(self._settings, shared, theirs.fileno() if theirs else None)
            inherited = [descriptor for descriptor, _ in shared]
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "pannier_server.worker", stdin=PIPE, stdout=PIPE,
                start_new_session=True,
                pass_fds=[*inherited, theirs.fileno()] if theirs else inherited,
            )  # fmt: skip
            if theirs:
                # The worker has it now: when it ends, our end has to hear of it.
                theirs.close()
            return await self._watch(process, orders, ours)

    async def _watch(
        self, process: Process, orders: Orders, metrics: socket.socket | None
    ) -> tuple[bool, int]:
        """Give a worker its orders and wait for its end; see `_run_worker`."""
        assert process.stdin is not None
        assert process.stdout is not None
        self._running.add(process)
        if self._stopping.is_set():
            # The signal came while the process was being made, and did not reach it.
            _send(process, signal.SIGTERM)
        try:
            with contextlib.suppress(ConnectionError):
                process.stdin.write(pickle.dumps(orders))
                await process.stdin.drain()
            description = await process.stdout.readline()
            if description:
                self._ready.add(process)
                if self._metrics and metrics:
                    await self._metrics.add(metrics)
                self._announce(description.decode().strip())
            return bool(description), await process.wait()
        finally:
            self._running.discard(process)
            self._ready.discard(process)

    def _announce(self, description: str) -> None:
        self._listening += 1
        if self._listening == self._settings.workers:
            where = " and ".join(str(address) for address in self._settings.listen)
            announce_line(
                f"pannier {__version__} serves {description} on {where} "
                f"with {self._settings.workers} workers"
            )
