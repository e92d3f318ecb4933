"""What the wire to DynamoDB counts, as samples."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from pannier_server.metrics.samples import Sample, sample

if TYPE_CHECKING:
    from pannier_server.admission.admissions import Admissions
    from pannier_server.backends.dynamodb.capacity import CapacityCount
    from pannier_server.backends.dynamodb.wire.client import DynamoDBClient
    from pannier_server.backends.dynamodb.wire.settings import Stats


@runtime_checkable
class OverWire(Protocol):
    """A backend over the wire to DynamoDB."""

    @property
    def client(self) -> "DynamoDBClient | None":
        """The wire; None while it is not open."""
        ...

    def count_capacity(self) -> "CapacityCount":
        """Have DynamoDB say from now on what each request consumes, and return the count."""
        ...


class WireSamples:
    """Shows what the wire of a backend counts."""

    def __init__(self, backend: OverWire) -> None:
        """Take the backend, and have consumed capacity counted."""
        self._backend = backend
        self._capacity = backend.count_capacity()

    def samples(self) -> Iterator[Sample]:
        """Return what was counted so far."""
        client = self._backend.client
        if client is None:
            return
        yield from _traffic(client.stats)
        for operation, units in self._capacity.units.items():
            yield sample("pannier_dynamodb_consumed_capacity_units_total", units, operation)
        yield from _connections(client)
        yield from _pacer("reads", client.reads.admissions)
        yield from _pacer("writes", client.writes.admissions)


def _traffic(stats: "Stats") -> Iterator[Sample]:
    yield sample("pannier_dynamodb_requests_total", stats.requests)
    yield sample("pannier_dynamodb_retries_total", stats.retries)
    yield sample("pannier_dynamodb_lost_requests_total", stats.lost_requests)
    yield sample("pannier_dynamodb_throttles_total", stats.throttles)
    yield sample("pannier_dynamodb_sent_bytes_total", stats.sent_bytes)
    yield sample("pannier_dynamodb_received_bytes_total", stats.received_bytes)
    yield sample("pannier_dynamodb_connections_opened_total", stats.connections_opened)


def _connections(client: "DynamoDBClient") -> Iterator[Sample]:
    pool = client.pool
    for state, count in (("idle", pool.idle), ("busy", pool.busy), ("opening", pool.opening)):
        yield sample("pannier_dynamodb_connections", count, state)
    yield sample("pannier_dynamodb_connection_waiters", pool.waiting)


def _pacer(requests: str, admissions: "Admissions") -> Iterator[Sample]:
    yield sample("pannier_dynamodb_pacer_limit", admissions.limit, requests)
    yield sample("pannier_dynamodb_pacer_waiting", admissions.waiting, requests)
    yield sample("pannier_dynamodb_pacer_admitted_total", admissions.admitted, requests)
    refused = {"full": admissions.refused_full, "late": admissions.refused_late}
    for reason, count in refused.items():
        yield sample("pannier_dynamodb_pacer_refused_total", count, requests, reason)
