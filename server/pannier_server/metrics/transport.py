"""The meters of our own transport as samples."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from pannier_server.metrics.samples import Sample, sample

if TYPE_CHECKING:
    from pannier_server.transport.h2.meters import Meters

_CONNECTIONS_ENDED: Final = "pannier_transport_connections_ended_total"
_CALLS_ENDED: Final = "pannier_transport_calls_ended_total"

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "connections": ("pannier_transport_connections",),
    "running": ("pannier_transport_handlers",),
    "held_bytes": ("pannier_transport_held_bytes",),
    "connections_opened": ("pannier_transport_connections_opened_total",),
    "connections_gone": (_CONNECTIONS_ENDED, "gone_before_accepted"),
    "connections_refused": (_CONNECTIONS_ENDED, "too_many"),
    "handshakes_failed": (_CONNECTIONS_ENDED, "handshake_failed"),
    "handshakes_timed_out": (_CONNECTIONS_ENDED, "handshake_timed_out"),
    "connection_errors": (_CONNECTIONS_ENDED, "protocol_error"),
    "floods": (_CONNECTIONS_ENDED, "flood"),
    "idle_closed": (_CONNECTIONS_ENDED, "idle"),
    "aged_closed": (_CONNECTIONS_ENDED, "age"),
    "keepalive_timed_out": (_CONNECTIONS_ENDED, "keepalive_timed_out"),
    "calls": ("pannier_transport_calls_total",),
    "calls_cancelled": (_CALLS_ENDED, "cancelled"),
    "calls_expired": (_CALLS_ENDED, "deadline"),
    "stream_errors": (_CALLS_ENDED, "protocol_error"),
    "streams_refused": (_CALLS_ENDED, "too_many"),
    "header_lists_too_large": (_CALLS_ENDED, "headers_too_large"),
    "messages_too_large": (_CALLS_ENDED, "message_too_large"),
    "held_bytes_ended": (_CALLS_ENDED, "held_bytes"),
    "requests_timed_out": (_CALLS_ENDED, "request_timed_out"),
    "handler_errors": (_CALLS_ENDED, "handler_error"),
    "stalls": ("pannier_transport_stalls_total",),
    "turns_cut": ("pannier_transport_turns_cut_total",),
}
"""The metric of each field of `Meters`, with the values of its labels."""


def transport_samples(meters: "Meters") -> Iterator[Sample]:
    """Return what a server has counted so far."""
    for field, (name, *labels) in FIELDS.items():
        yield sample(name, getattr(meters, field), *labels)
