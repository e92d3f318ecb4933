"""What can be set about the wire, and what is counted there."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WireSettings:
    """How DynamoDB is reached. Times are in seconds.

    Attributes:
        region: The AWS region; None for the environment's.
        endpoint: The endpoint's URL; None for the environment's or the region's.
        max_connections: The most connections at once, busy, idle and opening.
        idle_timeout: A connection that was idle for longer is not used again.
            DynamoDB was seen to close idle ones after 60 s
            (https://github.com/aws/aws-sdk-java/issues/1365); half of that keeps a
            request from meeting a connection that is just being closed.
        max_connection_age: A connection is not used for longer, so that new ones
            follow changes in DNS. Each one's own limit is up to a fifth shorter, so
            that they do not all end at once.
        connect_timeout: For DNS, TCP, proxy and TLS together. Above the 1 s after
            which TCP sends a lost SYN again.
        attempt_timeout: After which a request that may be sent again is given up,
            because its connection may lead nowhere any more.
        max_answer_bytes: The largest body that is accepted. DynamoDB's own limit is a
            16 MB BatchGetItem; a Query page is about 1 MB and its JSON some more.
    """

    region: str | None = None
    endpoint: str | None = None
    max_connections: int = 64
    idle_timeout: float = 30.0
    max_connection_age: float = 300.0
    connect_timeout: float = 2.0
    attempt_timeout: float = 4.0
    max_answer_bytes: int = 16 * 1024 * 1024


@dataclass(slots=True)
class Stats:
    """Counters since the client was made.

    Attributes:
        requests: HTTP requests that were written to a connection.
        retries: Attempts after the first of a call.
        throttles: Answers that asked for fewer requests.
        connections_opened: Connections that were ready for a request.
        lost_requests: Attempts that brought no whole answer.
        sent_bytes: Bytes of requests, their heads included.
        received_bytes: Bytes of the bodies of answers.
    """

    requests: int = 0
    retries: int = 0
    throttles: int = 0
    connections_opened: int = 0
    lost_requests: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
