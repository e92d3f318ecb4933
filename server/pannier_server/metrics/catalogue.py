"""Every metric that there is: its name, type, labels and meaning stand here and nowhere else.

Names and units follow https://prometheus.io/docs/practices/naming/. Each label has a small
fixed set of values: neither owners nor identities are among them, because there may be any
number of those, and because who may read metrics need not know whose records there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """The type of a metric, as Prometheus names it."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Merge(StrEnum):
    """What several processes' values of a gauge are together."""

    SUM = "sum"
    LEAST = "least"


class Source(StrEnum):
    """Which sidecars have a metric."""

    ALL = "all"
    H2 = "--transport h2"
    DYNAMODB = "dynamodb: stores"
    LINUX = "Linux"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: Its full name, ``_total`` included.
        kind: Its type.
        help: What it is, for people.
        labels: The names of its labels, in the order in which samples have their values.
        bounds: A histogram's: the largest value that each bucket takes; one without bound
            follows.
        merge: What several processes' values are together. Those of counters and
            histograms are always added.
        source: Which sidecars have it.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    merge: Merge = Merge.SUM
    source: Source = Source.ALL


DURATIONS: Final = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
)  # fmt: skip
"""The buckets of durations, in seconds: from a Get in memory to the default deadline."""

LAGS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""The buckets of the event loop's lag, in seconds."""


def _counter(name: str, text: str, *labels: str, source: Source = Source.ALL) -> Metric:
    return Metric(name, Kind.COUNTER, text, labels, source=source)


def _gauge(
    name: str,
    text: str,
    *labels: str,
    merge: Merge = Merge.SUM,
    source: Source = Source.ALL,
) -> Metric:
    return Metric(name, Kind.GAUGE, text, labels, merge=merge, source=source)


_RPCS = (
    _counter(
        "pannier_rpc_calls_total",
        "Calls that have ended, by method and gRPC status code.",
        "rpc", "code",
    ),
    Metric(
        "pannier_rpc_duration_seconds",
        Kind.HISTOGRAM,
        "Time from the start of a call's handler to its end; a list lasts as long as its client "
        "reads.",
        ("rpc",),
        DURATIONS,
    ),
    _gauge("pannier_rpc_in_flight", "Calls that are under way.", "rpc"),
    _counter("pannier_rpc_request_bytes_total", "Bytes of request messages.", "rpc"),
    _counter("pannier_rpc_response_bytes_total", "Bytes of response messages.", "rpc"),
    _counter(
        "pannier_auth_refusals_total",
        "Calls refused because it was not known who calls, or because of the caller's rights.",
        "reason",
    ),
)  # fmt: skip

_STORE = (
    _gauge(
        "pannier_store_up",
        "1 while the store answers the checks of every process, else 0.",
        merge=Merge.LEAST,
    ),
    _counter(
        "pannier_store_calls_total",
        "Store calls that have ended, by operation and result: OK, CANCELLED, or an error's reason "
        "in the contract, such as VERSION_CONFLICT.",
        "operation", "result",
    ),
    Metric(
        "pannier_store_call_duration_seconds",
        Kind.HISTOGRAM,
        "Time that a store call took, with its retries and waits.",
        ("operation",),
        DURATIONS,
    ),
    _gauge("pannier_store_calls_in_flight", "Store calls that are under way.", "operation"),
    _counter(
        "pannier_store_recognised_retries_total",
        "Writes that were found to be applied already, by an earlier attempt of the same request.",
    ),
    _counter(
        "pannier_expired_records_removed_total",
        "Expired records that were removed, by background sweeps and by CleanupExpired.",
    ),
    _counter("pannier_sweeps_total", "Background sweeps of expired records.", "result"),
    _gauge(
        "pannier_admission_calls_limit",
        "The most store calls that are let in at once; it shrinks while calls take too long.",
    ),
    _counter("pannier_admission_admitted_total", "Store calls that were let in and have ended."),
    _counter(
        "pannier_admission_refused_total",
        "Store calls that were refused: too many were under way (full), or the deadline would "
        "have come first (late).",
        "reason",
    ),
)  # fmt: skip

_DYNAMODB = tuple(
    Metric(name, kind, text, labels, source=Source.DYNAMODB)
    for name, kind, text, labels in (
        (
            "pannier_dynamodb_requests_total",
            Kind.COUNTER,
            "HTTP requests that were sent to DynamoDB: the attempts of all calls.",
            (),
        ),
        (
            "pannier_dynamodb_retries_total",
            Kind.COUNTER,
            "Attempts after the first of a call.",
            (),
        ),
        (
            "pannier_dynamodb_lost_requests_total",
            Kind.COUNTER,
            "Attempts without a whole answer: no connection, a broken one, or none in time.",
            (),
        ),
        (
            "pannier_dynamodb_throttles_total",
            Kind.COUNTER,
            "Answers of DynamoDB that asked for fewer requests.",
            (),
        ),
        (
            "pannier_dynamodb_sent_bytes_total",
            Kind.COUNTER,
            "Bytes of HTTP requests, heads included, before TLS.",
            (),
        ),
        (
            "pannier_dynamodb_received_bytes_total",
            Kind.COUNTER,
            "Bytes of the bodies of answers.",
            (),
        ),
        (
            "pannier_dynamodb_consumed_capacity_units_total",
            Kind.COUNTER,
            "Capacity units that DynamoDB says successful requests took, of writes or of reads.",
            ("operation",),
        ),
        (
            "pannier_dynamodb_connections",
            Kind.GAUGE,
            "Connections to DynamoDB, by state.",
            ("state",),
        ),
        (
            "pannier_dynamodb_connections_opened_total",
            Kind.COUNTER,
            "Connections to DynamoDB that were opened.",
            (),
        ),
        (
            "pannier_dynamodb_connection_waiters",
            Kind.GAUGE,
            "Requests that wait for a connection because all of the pool's are busy.",
            (),
        ),
        (
            "pannier_dynamodb_pacer_limit",
            Kind.GAUGE,
            "Requests a second that are let through because the table throttles; 0 for no limit.",
            ("requests",),
        ),
        (
            "pannier_dynamodb_pacer_waiting",
            Kind.GAUGE,
            "Requests that wait for their turn under that limit.",
            ("requests",),
        ),
        (
            "pannier_dynamodb_pacer_admitted_total",
            Kind.COUNTER,
            "Requests that had their turn under that limit.",
            ("requests",),
        ),
        (
            "pannier_dynamodb_pacer_refused_total",
            Kind.COUNTER,
            "Requests refused under that limit: others take the turns (full), or it was too late.",
            ("requests", "reason"),
        ),
    )
)

_TRANSPORT = (
    _gauge("pannier_transport_connections", "Connections of clients.", source=Source.H2),
    _gauge(
        "pannier_transport_held_bytes",
        "Bytes of incomplete requests and unsent answers.",
        source=Source.H2,
    ),
    _gauge(
        "pannier_transport_handlers",
        "Handlers that run in a task of their own, health watches included.",
        source=Source.H2,
    ),
    _counter(
        "pannier_transport_connections_opened_total",
        "Connections that were accepted.",
        source=Source.H2,
    ),
    _counter(
        "pannier_transport_connections_ended_total",
        "Connections that the server ended, by why. That clients close theirs is not counted.",
        "reason",
        source=Source.H2,
    ),
    _counter(
        "pannier_transport_calls_total",
        "Calls of all services whose handler was started, health and reflection included.",
        source=Source.H2,
    ),
    _counter(
        "pannier_transport_calls_ended_total",
        "Calls that ended early, or never began, by why.",
        "reason",
        source=Source.H2,
    ),
    _counter(
        "pannier_transport_stalls_total",
        "Connections and calls that were ended because their client did not read.",
        source=Source.H2,
    ),
    _counter(
        "pannier_transport_turns_cut_total",
        "Turns of a connection that ended early, so that others had theirs.",
        source=Source.H2,
    ),
)

_PROCESSES = (
    Metric(
        "pannier_event_loop_lag_seconds",
        Kind.HISTOGRAM,
        "How late a timer of the event loop was, looked at four times a second.",
        (),
        LAGS,
    ),
    _gauge("pannier_workers", "Processes that serve calls."),
    _gauge(
        "pannier_workers_silent",
        "Processes that did not answer this scrape in time; their last values are shown.",
    ),
    _counter("pannier_worker_restarts_total", "Processes started in place of one that ended."),
    _gauge(
        "pannier_build_info",
        "1; its labels say what runs.",
        "version", "python", "transport", "store",
        merge=Merge.LEAST,
    ),
    _counter(
        "process_cpu_seconds_total",
        "User and system CPU time of all the sidecar's processes.",
    ),
    _gauge(
        "process_start_time_seconds",
        "When the sidecar was started, in seconds since the epoch.",
        merge=Merge.LEAST,
    ),
    _gauge(
        "process_resident_memory_bytes",
        "Resident memory of all the sidecar's processes.",
        source=Source.LINUX,
    ),
    _gauge(
        "process_virtual_memory_bytes",
        "Virtual memory of all the sidecar's processes.",
        source=Source.LINUX,
    ),
    _gauge(
        "process_open_fds",
        "Open file descriptors of all the sidecar's processes.",
        source=Source.LINUX,
    ),
    _gauge(
        "process_max_fds",
        "The most file descriptors that one process may have open.",
        merge=Merge.LEAST,
    ),
)  # fmt: skip

CATALOGUE: Final[Mapping[str, Metric]] = {
    metric.name: metric for metric in (*_RPCS, *_STORE, *_DYNAMODB, *_TRANSPORT, *_PROCESSES)
}
"""Every metric by its name, in the order in which they are written down."""
