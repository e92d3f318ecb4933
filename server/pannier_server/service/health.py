"""Health (grpc.health.v1): the sidecar's own, and the store's.

The empty service name is liveness: SERVING while the sidecar runs. The storage
service's name follows the store: NOT_SERVING until it answers, and while it does not.
"""

import asyncio
import logging

from pannier_server import __version__
from pannier_server.backends.contract import StorageBackend
from pannier_server.backends.errors import StorageError, Throttled
from pannier_server.rpc import Registry
from pannier_server.service.health_servicer import NOT_SERVING, SERVING, HealthServicer
from pannier_server.service.interface import CallContext, Clock
from pannier_server.service.servicer import SERVICE_NAME

_log = logging.getLogger(__name__)

VERSION_METADATA = "pannier-version"
"""Goes with the answer to a check: the sidecar's version."""

TRANSPORT_METADATA = "pannier-transport"
"""The same: the transport that serves."""

# A store that is down is asked more often than one that is up.
_RETRY_INTERVAL = 0.5
_CHECK_TIMEOUT = 5.0


class HealthService:
    """Answers health checks, and asks the store regularly.

    Attributes:
        checked: Set when the store was asked for the first time, whatever it answered.
    """

    def __init__(
        self, backend: StorageBackend, *, clock: Clock, interval: float, transport: str
    ) -> None:
        """Take the store, and what there is to know about it and the server.

        Args:
            backend: The store.
            clock: The server's clock.
            interval: Seconds between checks of the store.
            transport: The name of the transport that serves.
        """
        self._backend = backend
        self._clock = clock
        self._interval = interval
        self._servicer = HealthServicer(
            {"": SERVING, SERVICE_NAME: NOT_SERVING},
            ((VERSION_METADATA, __version__), (TRANSPORT_METADATA, transport)),
        )
        self._problem: str | None = "not checked yet"
        self.checked = asyncio.Event()

    @property
    def store_answers(self) -> bool:
        """Whether the store answered the last check."""
        return self._problem is None

    def register(self, server: Registry) -> None:
        """Add the health service to a server."""
        self._servicer.register(server)

    def drain(self) -> None:
        """Answer NOT_SERVING for everything from now on."""
        self._servicer.drain()

    async def watch_store(self) -> None:
        """Ask the store again and again, until cancelled."""
        while True:
            self._publish(await self._check())
            self.checked.set()
            await asyncio.sleep(_RETRY_INTERVAL if self._problem else self._interval)

    async def _check(self) -> str | None:
        """Return what is wrong with the store; None where it is well."""
        context = CallContext(self._clock, deadline=None, default_timeout=_CHECK_TIMEOUT)
        try:
            await self._backend.check(context.store_call())
        except Throttled:
            return None
        except StorageError as error:
            return error.message
        except Exception as error:  # noqa: BLE001 (a bug must not end the checks)
            problem = f"unforeseen error: {type(error).__name__}"
            if problem != self._problem:
                _log.exception("the check of the store failed in an unforeseen way")
            return problem
        return None

    def _publish(self, problem: str | None) -> None:
        if problem == self._problem:
            return
        self._problem = problem
        if problem:
            _log.warning("the store is not usable: %s", problem)
        else:
            _log.info("the store answers: %s", self._backend.description)
        self._servicer.set(SERVICE_NAME, NOT_SERVING if problem else SERVING)
