"""What happened to a server, in numbers that only grow, but for two gauges."""

from dataclasses import dataclass


@dataclass(slots=True)
class Meters:
    """Counters of one server.

    Attributes:
        connections: Connections that are open now, those in their TLS handshake included.
        running: Handlers that run now.
        connections_opened: Connections that were accepted.
        connections_gone: Connections whose clients had left before they were accepted.
        connections_refused: Those closed at once: `Limits.max_connections`.
        handshakes_failed: A wrong preface, a TLS handshake that failed, or no ``h2`` by ALPN.
        handshakes_timed_out: `Limits.handshake_timeout`.
        calls: Calls whose handler was started.
        calls_cancelled: Those whose client reset the stream or went away.
        calls_expired: Those that the server ended at their deadline.
        connection_errors: Connections ended for an error of the peer.
        stream_errors: Streams reset for an error of the peer.
        floods: Connections ended by `Limits.abuse_allowance`.
        streams_refused: `Limits.max_concurrent_streams`, and unsent answers.
        header_lists_too_large: `Limits.max_header_list_bytes`.
        messages_too_large: `Limits.max_message_bytes`.
        turns_cut: Turns of a connection that ended by `Limits.turn_budget` or its time.
        held_bytes: Bytes of incomplete requests and unsent answers now.
        held_bytes_ended: Calls ended by `Limits.max_held_bytes` or its share.
        requests_timed_out: `Limits.request_timeout`.
        stalls: Connections and streams ended by `Limits.stall_timeout`.
        idle_closed: `Limits.max_connection_idle`.
        aged_closed: `Limits.max_connection_age`.
        keepalive_timed_out: `Limits.keepalive_timeout`.
        handler_errors: Handlers that raised what is no status.
    """

    connections: int = 0
    running: int = 0
    connections_opened: int = 0
    connections_gone: int = 0
    connections_refused: int = 0
    handshakes_failed: int = 0
    handshakes_timed_out: int = 0
    calls: int = 0
    calls_cancelled: int = 0
    calls_expired: int = 0
    connection_errors: int = 0
    stream_errors: int = 0
    floods: int = 0
    streams_refused: int = 0
    header_lists_too_large: int = 0
    messages_too_large: int = 0
    turns_cut: int = 0
    held_bytes: int = 0
    held_bytes_ended: int = 0
    requests_timed_out: int = 0
    stalls: int = 0
    idle_closed: int = 0
    aged_closed: int = 0
    keepalive_timed_out: int = 0
    handler_errors: int = 0
