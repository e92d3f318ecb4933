"""A client that makes calls and writes down what it is told."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pannier
from tests.linearizability.calls import Answer, Call, Ending, Kind, Outcome, Wish

# What faults of the store, and of a sidecar that is killed, may look like to a client.
# Anything else is a bug.
TROUBLE = (
    pannier.Unavailable,
    pannier.DeadlineExceeded,
    pannier.Throttled,
    pannier.StoreMisconfigured,
)


class Client:
    """Makes one call after the other over a store of its own."""

    def __init__(self, number: int, store: pannier.aio.Store) -> None:
        """Take the client's number and its store."""
        self.number = number
        self._store = store
        self._retries = 0
        self._count_retries(store)
        self._kinds: dict[Kind, Callable[[Wish], Awaitable[Answer]]] = {
            Kind.GET: self._get,
            Kind.PUT: self._put,
            Kind.PUT_IF_VERSION: self._put_if_version,
            Kind.DELETE: self._delete,
        }

    async def make(self, wish: Wish) -> Call:
        """Make a call, and return it with what it was told and when.

        Raises:
            pannier.PannierError: It ended as no fault explains.
        """
        self._retries = 0
        before = int(time.time())
        call = Call(self.number, wish, time.monotonic_ns())
        try:
            call.answer = await self._kinds[wish.kind](wish)
            call.ending = Ending.ANSWERED
        except (pannier.NotFound, pannier.VersionConflict, pannier.AlreadyExists) as refusal:
            call.answer = _refusal(refusal)
            doubt = wish.is_write and refusal.write_outcome is not pannier.WriteOutcome.NOT_APPLIED
            call.ending = Ending.IN_DOUBT if doubt else Ending.ANSWERED
        except TROUBLE as error:
            doubt = wish.is_write and error.write_outcome is not pannier.WriteOutcome.NOT_APPLIED
            call.ending = Ending.UNKNOWN if doubt else Ending.FAILED
            call.error = type(error).__name__
        call.returned = time.monotonic_ns()
        call.clock = (before, int(time.time()))
        call.attempts = 1 + self._retries
        return call

    async def close(self) -> None:
        """Close the store."""
        await self._store.close()

    def _count_retries(self, store: pannier.aio.Store) -> None:
        """Watch the pauses that the client makes before it sends a call again."""
        pause = store._connection.pause

        async def counted(seconds: float, error: pannier.PannierError) -> None:
            # Without a connection nothing was sent.
            self._retries += "failed to connect" not in error.message
            await pause(seconds, error)

        store._connection.pause = counted  # type: ignore[method-assign]

    async def _get(self, wish: Wish) -> Answer:
        record = await self._store.get(wish.key)
        expires_at = int(record.expire_time.timestamp()) if record.expire_time else 0
        return Answer(Outcome.OK, record.version, record.etag, record.data.decode(), expires_at)

    async def _put(self, wish: Wish) -> Answer:
        written = await self._store.put(
            wish.key,
            wish.data.encode(),
            expire_time=_expire_time(wish),
            request_id=wish.write_id,
        )
        return Answer(Outcome.OK, written.version, written.etag)

    async def _put_if_version(self, wish: Wish) -> Answer:
        written = await self._store.put_if_version(
            wish.key,
            wish.data.encode(),
            expected_version=wish.expected_version,
            etag=wish.etag,
            expire_time=_expire_time(wish),
            request_id=wish.write_id,
        )
        return Answer(Outcome.OK, written.version, written.etag)

    async def _delete(self, wish: Wish) -> Answer:
        deleted = await self._store.delete(
            wish.key, expected_version=wish.expected_version or None, etag=wish.etag
        )
        return Answer(Outcome.OK, deleted=deleted)


def _expire_time(wish: Wish) -> datetime | None:
    return datetime.fromtimestamp(wish.expires_at, UTC) if wish.expires_at else None


def _refusal(error: pannier.PannierError) -> Answer:
    if isinstance(error, pannier.VersionConflict):
        return Answer(Outcome.CONFLICT, error.actual_version, error.actual_etag)
    return Answer(Outcome.NOT_FOUND if isinstance(error, pannier.NotFound) else Outcome.EXISTS)
