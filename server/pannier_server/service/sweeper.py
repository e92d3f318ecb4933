"""Removes expired records in the background, where the store does not do it itself."""

import asyncio
import logging
from dataclasses import dataclass

from pannier_server.backends.contract import StorageBackend
from pannier_server.backends.errors import StorageError
from pannier_server.service.interface import CallContext, Clock

_log = logging.getLogger(__name__)

_BATCH = 500
_BATCH_TIMEOUT = 10.0


@dataclass(slots=True)
class Sweeps:
    """Counts sweeps.

    Attributes:
        done: Those that came to their end.
        failed: Those that the store did not let come to their end.
    """

    done: int = 0
    failed: int = 0


async def sweep_expired(
    backend: StorageBackend, *, clock: Clock, interval: float, sweeps: Sweeps
) -> None:
    """Remove expired records every ``interval`` seconds, in small batches, until cancelled."""
    while True:
        await asyncio.sleep(interval)
        try:
            await _sweep(backend, clock)
            sweeps.done += 1
        except StorageError as error:
            sweeps.failed += 1
            _log.warning("could not remove expired records: %s", error.message)
        except Exception:  # noqa: BLE001 (a bug must not end the sweeps)
            sweeps.failed += 1
            _log.exception("expired records could not be removed, in an unforeseen way")


async def _sweep(backend: StorageBackend, clock: Clock) -> None:
    """Remove what has expired by now, with room for other work between batches."""
    context = CallContext(clock, deadline=None, default_timeout=_BATCH_TIMEOUT)
    more = True
    while more:
        cleaned = await backend.cleanup_expired(None, limit=_BATCH, call=context.store_call())
        more = cleaned.more
        await asyncio.sleep(0)
