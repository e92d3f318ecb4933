"""What one peer may take of the server; every limit has its own counter in `Meters`."""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of a server and of each of its connections.

    Sizes are in bytes, times in seconds; a time of 0 means that there is no such limit.

    Attributes:
        max_message_bytes: The largest message of a request, decompressed; a larger one
            ends the call with RESOURCE_EXHAUSTED.
        max_decompressed_bytes: The largest message that may come of a compressed one.
        max_header_list_bytes: The largest list of request headers, each field counted
            with 32 bytes of overhead (RFC 9113 section 6.5.2, SETTINGS_MAX_HEADER_LIST_SIZE).
        max_concurrent_streams: Streams of one connection, a handler that still runs
            although its stream was reset included; more are refused.
        max_connections: Open connections; more are closed at once.
        connection_burst: Connections that may come at once before they are accepted more
            slowly, of each listening socket.
        connections_per_second: How fast they are accepted then; the others wait in the
            kernel's queue.
        stream_window: What a peer may send on a stream before it is read.
        connection_window: The same for all streams of a connection together.
        max_frame_bytes: The largest frame payload, 16,384 to 16,777,215.
        max_held_bytes_per_connection: Bytes of incomplete requests and unsent answers of
            one connection.
        max_held_bytes: The same for the whole server. Above it the calls that have held
            bytes for longest are ended.
        write_buffer_bytes: Unsent bytes of a connection above which it is neither read
            from nor written to until the peer reads.
        turn_budget: Frames that a connection may have handled in one turn of the event
            loop. A call counts as several.
        turn_seconds: The time after which a connection's turn ends even so, once what it
            is at is done.
        abuse_allowance: Frames that bring nothing (resets, pings, settings, ...) that a
            connection may send beyond what its progress earns it.
        handshake_timeout: From the connection to the client's preface.
        request_timeout: From a request's headers to its last byte, where the call has no
            deadline; where its handler takes any number of messages, for each that has begun.
        stall_timeout: How long a peer may leave what it is sent unread.
        max_connection_idle: How long a connection without a call stays open.
        max_connection_age: How long a connection stays open; calls finish.
        max_connection_age_grace: How long calls of such a connection may take to finish;
            0 means for ever.
        keepalive_time: After this long without a byte from the peer it is pinged.
        keepalive_timeout: How long the answer to that ping may take.
    """

    max_message_bytes: int = 4 * MIB
    max_decompressed_bytes: int = 4 * MIB
    max_header_list_bytes: int = 8 * KIB
    max_concurrent_streams: int = 256
    max_connections: int = 10_000
    connection_burst: int = 256
    connections_per_second: float = 2_000.0
    stream_window: int = 1 * MIB
    connection_window: int = 4 * MIB
    max_frame_bytes: int = 16 * KIB
    max_held_bytes_per_connection: int = 96 * MIB
    max_held_bytes: int = 128 * MIB
    write_buffer_bytes: int = 1 * MIB
    turn_budget: int = 128
    turn_seconds: float = 0.0002
    abuse_allowance: int = 1_000
    handshake_timeout: float = 10.0
    request_timeout: float = 30.0
    stall_timeout: float = 30.0
    max_connection_idle: float = 0.0
    max_connection_age: float = 0.0
    max_connection_age_grace: float = 60.0
    keepalive_time: float = 60.0
    keepalive_timeout: float = 20.0
