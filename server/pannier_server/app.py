"""The sidecar as a whole: what starts in which order, and stops in reverse."""

import asyncio
import gc
import logging
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pannier_server import __version__
from pannier_server.announcement import announce_line
from pannier_server.backends.contract import StorageBackend
from pannier_server.backends.errors import StorageError
from pannier_server.backends.registry import create_backend
from pannier_server.backends.store_url import StoreUrlError
from pannier_server.config import ListenAddress, Settings, SettingsError
from pannier_server.open_files import raise_open_file_limit
from pannier_server.security.authentication import Authenticator
from pannier_server.security.authorization import AuthorizedHandlers
from pannier_server.security.reloading import Reloader, WatchedFiles
from pannier_server.service.admission import AdmittedBackend
from pannier_server.service.failure_log import FailureLog
from pannier_server.service.handlers import BackendHandlers
from pannier_server.service.health import HealthService
from pannier_server.service.interface import Clock, StorageHandlers
from pannier_server.service.reflection import register_reflection
from pannier_server.service.servicer import CallsInFlight, StorageServicer
from pannier_server.service.sweeper import Sweeps, sweep_expired
from pannier_server.transport.interface import Transport
from pannier_server.transport.listeners import Listener
from pannier_server.transport.registry import create_transport
from pannier_server.transport.sockets import ListenError

if TYPE_CHECKING:
    from pannier_server.metrics.sidecar import SidecarMeters
    from pannier_server.tracing.tracing import Tracing

_log = logging.getLogger(__name__)

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2

# After the last call has ended: for its answer to leave, before streams that never
# end by themselves (health watches) are cut.
_FLUSH_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A running sidecar.

    Attributes:
        addresses: Where it listens, with the ports that were chosen.
        backend: Where it keeps records.
        reloader: Reads the auth file and those of TLS again.
        store_checked: Set when the store was asked for the first time, whatever it answered.
        meters: What it counts; None where nobody asks for metrics.
    """

    addresses: tuple[ListenAddress, ...]
    backend: StorageBackend
    reloader: Reloader
    store_checked: asyncio.Event
    meters: "SidecarMeters | None" = None


@asynccontextmanager
async def running_sidecar(
    settings: Settings,
    *,
    backend: StorageBackend | None = None,
    clock: Clock = time.time,
    listeners: Sequence[Listener] = (),
) -> AsyncIterator[Sidecar]:
    """Run a sidecar for the body of an ``async with``; leaving it drains and stops.

    Args:
        settings: What the sidecar is told.
        backend: A backend to use instead of the one that ``settings.store`` names.
        clock: The server's clock, in epoch seconds.
        listeners: Sockets to share with other processes, in place of opening
            ``settings.listen``.

    Raises:
        SettingsError: A setting cannot be used with this store or on this machine.
        StorageError: The store's local resources cannot be used.
        ListenError: An address cannot be listened on.
    """
    async with AsyncExitStack() as stack:
        # Looked at before they are read, so that no change in between is missed.
        auth_file, tls_files = _watched_files(settings)
        authenticator = Authenticator(settings) if settings.auth else None
        tracing = _start_tracing(settings)
        if tracing:
            stack.push_async_callback(tracing.close)
        backend = backend or _create_backend(settings)
        check_max_data_bytes(settings, backend)
        await backend.open()
        stack.push_async_callback(backend.close)
        meters = _meters(settings)
        measured = meters.around_store(backend) if meters else backend

        calls = CallsInFlight()
        failures = FailureLog(settings.log_failed_calls, tracing.log_fields if tracing else None)
        stack.callback(failures.close)
        stored = tracing.around_store(measured, backend, settings.store) if tracing else measured
        admitted = AdmittedBackend(stored, max_calls=settings.max_calls)
        handlers: StorageHandlers = BackendHandlers(
            admitted, max_data_bytes=settings.max_data_bytes
        )
        if authenticator:
            handlers = AuthorizedHandlers(handlers)
        health = HealthService(
            measured,
            clock=clock,
            interval=settings.health_interval,
            transport=settings.transport,
        )
        transport = create_transport(settings, listeners)
        StorageServicer(
            handlers,
            calls,
            clock,
            settings.default_timeout,
            authenticator,
            listeners=[tracing.calls.note, failures] if tracing else [failures],
            around=[
                *([tracing.calls.around] if tracing else []),
                *([meters.rpcs.around] if meters else []),
            ],
        ).register(transport.grpc)
        health.register(transport.grpc)
        register_reflection(transport.grpc, authenticator, [failures])
        reloads = [(tls_files, transport.reload_tls)]
        if authenticator:
            reloads.append((auth_file, authenticator.reload))
        reloader = Reloader(reloads)

        sweeps = Sweeps()
        sweeping = sweep_expired(
            measured, clock=clock, interval=settings.sweep_interval, sweeps=sweeps
        )
        for background in (health.watch_store(), sweeping, reloader.watch()):
            stack.push_async_callback(_cancel, asyncio.create_task(background))

        if meters:
            meters.watch(
                admissions=admitted.admissions,
                health=health,
                sweeps=sweeps,
                transport=transport,
                authenticator=authenticator,
            )
            await stack.enter_async_context(meters.serving(settings))
        addresses = await transport.start(settings.listen)
        stack.push_async_callback(_drain, health, calls, transport, settings.grace)
        if tracing:
            stack.callback(tracing.stopping)
        yield Sidecar(addresses, backend, reloader, health.checked, meters=meters)


async def serve(
    settings: Settings,
    *,
    announce: Callable[[Sidecar], None],
    listeners: Sequence[Listener] = (),
) -> None:
    """Run a sidecar until SIGTERM or SIGINT; a second signal ends the process at once.

    SIGHUP has the auth file and those of TLS read again, where the settings name some.

    Args:
        settings: What the sidecar is told.
        announce: Called once it listens.
        listeners: Sockets to share with other processes, in place of opening
            ``settings.listen``.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop_or_end, stopped, number)
    if settings.auth or settings.tls_cert:
        # The start reads the files anyway.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    async with running_sidecar(settings, listeners=listeners) as sidecar:
        if sidecar.reloader:
            loop.add_signal_handler(signal.SIGHUP, sidecar.reloader.ask)
        announce(sidecar)
        # What start-up has made stays: collecting garbage need not look at it again, which
        # takes some 10 ms each time.
        gc.freeze()
        await stopped.wait()
        _log.info("stopping: finishing calls in flight for up to %g s", settings.grace)


def run(settings: Settings) -> int:
    """Run ``pannier serve`` and return its exit code."""
    from pannier_server.logs import configure_logging

    configure_logging(level=settings.log_level, style=settings.log_format)
    raise_open_file_limit()
    try:
        if settings.workers > 1:
            from pannier_server.supervisor import supervise

            return supervise(settings)
        run_loop(settings, announce=print_addresses)
    except SettingsError as error:
        return _fail(str(error), EXIT_USAGE)
    except (ListenError, StorageError) as error:
        return _fail(str(error), EXIT_FAILED)
    return EXIT_OK


def run_loop(
    settings: Settings,
    *,
    announce: Callable[[Sidecar], None],
    listeners: Sequence[Listener] = (),
) -> None:
    """Run `serve` on a uvloop event loop."""
    import uvloop

    serving = serve(settings, announce=announce, listeners=listeners)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serving)


def print_addresses(sidecar: Sidecar) -> None:
    """Print the one line that says what is served and where."""
    where = " and ".join(str(address) for address in sidecar.addresses)
    announce_line(f"pannier {__version__} serves {sidecar.backend.description} on {where}")


def _watched_files(settings: Settings) -> tuple[WatchedFiles, WatchedFiles]:
    tls = (settings.tls_cert, settings.tls_key, settings.tls_client_ca)
    return WatchedFiles("the auth file", [settings.auth]), WatchedFiles("the TLS files", tls)


def _start_tracing(settings: Settings) -> "Tracing | None":
    if not settings.traces:
        return None
    # OpenTelemetry is an extra, and takes long to import.
    from pannier_server.tracing.start import start_tracing

    return start_tracing(settings)


def _create_backend(settings: Settings) -> StorageBackend:
    try:
        return create_backend(settings.store)
    except StoreUrlError as error:
        raise settings.error("store", str(error)) from None


def check_max_data_bytes(settings: Settings, backend: StorageBackend) -> None:
    """Raise where the setting is more than the store can hold in one record.

    Raises:
        SettingsError: It says how much that is.
    """
    if settings.max_data_bytes > backend.max_data_bytes:
        raise settings.error(
            "max_data_bytes",
            f"{settings.max_data_bytes} is more than this store can hold in one record "
            f"({backend.max_data_bytes})",
        )


def _meters(settings: Settings) -> "SidecarMeters | None":
    if settings.metrics is None:
        return None
    from pannier_server.metrics.sidecar import SidecarMeters

    return SidecarMeters()


async def _drain(
    health: HealthService, calls: CallsInFlight, transport: Transport, grace: float
) -> None:
    """Refuse new calls, finish those in flight within the grace time, stop listening."""
    health.drain()
    stopping = asyncio.create_task(transport.stop(grace))
    with suppress(TimeoutError):
        await asyncio.wait_for(calls.drain(), grace)
    await asyncio.wait({stopping}, timeout=_FLUSH_SECONDS)
    await transport.stop(0)
    await stopping


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _stop_or_end(stopped: asyncio.Event, number: signal.Signals) -> None:
    if stopped.is_set():
        # The default action ends the process now, with the code that says why.
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
    stopped.set()


def _fail(message: str, code: int) -> int:
    print(f"pannier: {message}", file=sys.stderr)
    return code
