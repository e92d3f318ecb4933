"""What time does to connections: one look at each of them every second."""

import asyncio
import random
from typing import Final

from pannier_server.transport.h2.http2.errors import ErrorCode
from pannier_server.transport.h2.http2.stream import Stream
from pannier_server.transport.h2.serving.call import Call
from pannier_server.transport.h2.serving.host import Host
from pannier_server.transport.h2.serving.memory import Trimmer
from pannier_server.transport.h2.serving.protocol import ServerProtocol
from pannier_server.transport.h2.wire.heads import RequestHead

INTERVAL: Final = 1.0
"""Seconds between two looks; limits of time are as exact as that."""

# Connections that are looked at in one turn of the event loop.
_AT_ONCE: Final = 100

_PING: Final = b"pannier!"

# How long a connection that is over may take to write its last bytes.
_CLOSING_SECONDS: Final = 5.0
# Connections of the same age do not end at the same moment (gRFC A9).
_AGE_JITTER: Final = 0.1


class Sweep:
    """Looks at all connections of a host, again and again.

    Its seconds are those in which the process ran: a sandbox that is frozen between two
    invocations finds its connections as old as before, and not timed out.
    """

    def __init__(self, host: Host, loop: asyncio.AbstractEventLoop) -> None:
        """Take the host; nothing happens before `start`."""
        self._host = host
        self._loop = loop
        self._ages: dict[ServerProtocol, ConnectionAge] = {}
        # What is left of this round, and the ages as the last one left them.
        self._unseen: list[ServerProtocol] = []
        self._known: dict[ServerProtocol, ConnectionAge] = {}
        self._trimmer = Trimmer()
        self._timer: asyncio.TimerHandle | None = None
        self._last = loop.time()
        self._now = 0.0

    def start(self) -> None:
        """Look for the first time, and from then on each second."""
        # First of all, so that there is a next time whatever happens now.
        self._timer = self._loop.call_later(INTERVAL, self.start)
        if not self._unseen:
            self._begin(self._loop.time())
            self._go_on()

    def stop(self) -> None:
        """Look no more."""
        self._unseen.clear()
        if self._timer is not None:
            self._timer.cancel()

    def look(self, now: float) -> None:
        """Look at each connection, in one turn, at a time of the loop's clock."""
        self._begin(now)
        while self._unseen:
            self._look_at_some()

    def _begin(self, now: float) -> None:
        self._now += min(now - self._last, 2 * INTERVAL)
        self._last = now
        self._known, self._ages = self._ages, {}
        self._unseen = list(self._host.protocols)

    def _go_on(self) -> None:
        self._look_at_some()
        if self._unseen:
            self._loop.call_soon(self._go_on)

    def _look_at_some(self) -> None:
        """Look at as many as take little of a turn: to look at 10,000 takes 50 ms."""
        some = self._unseen[-_AT_ONCE:]
        del self._unseen[-_AT_ONCE:]
        for protocol in some:
            age = self._known.get(protocol) or ConnectionAge(protocol, self._now)
            self._ages[protocol] = age
            age.look(self._now)
        if not self._unseen:
            self._trimmer.note(self._host.meters.held_bytes)


class ConnectionAge:
    """How one connection stands with the limits of time."""

    __slots__ = (
        "_active",
        "_age_limit",
        "_born",
        "_closed",
        "_last_received",
        "_last_stream_id",
        "_looked",
        "_pinged",
        "_protocol",
        "_received",
        "_retired",
        "_taken",
        "_written",
    )

    def __init__(self, protocol: ServerProtocol, now: float) -> None:
        """Take a connection, seen for the first time at ``now`` on the sweep's clock."""
        self._protocol = protocol
        self._born = self._looked = self._active = self._received = self._written = now
        self._last_received = protocol.last_received
        self._last_stream_id = 0
        self._closed: float | None = None
        # What the client has taken of what was written to it while not all of it could leave.
        self._taken: int | None = None
        self._pinged: float | None = None
        self._retired: float | None = None
        spread = random.uniform(1 - _AGE_JITTER, 1 + _AGE_JITTER)
        self._age_limit = protocol.limits.max_connection_age * spread

    def look(self, now: float) -> None:
        """Do what is due at ``now``."""
        connection = self._protocol.connection
        connection.allowance.refill(now - self._looked)
        self._looked = now
        if self._is_stuck(now):
            self._protocol.abort()
            return
        if connection.closed:
            return
        self._look_at_streams(now)
        self._look_at_age(now)
        if connection.ready:
            self._look_for_life(now)
        if connection.outbox.frames or connection.draining:
            self._protocol.flush_soon()

    def _is_stuck(self, now: float) -> bool:
        """Say whether the client does not even begin, or does not read, or leave."""
        protocol, limits, meters = self._protocol, self._protocol.limits, self._protocol.meters
        self._look_at_writing(now)
        if protocol.connection.closed:
            if self._closed is None:
                self._closed = now
            return now - self._closed > _CLOSING_SECONDS
        if not protocol.connection.ready:
            meters.handshakes_timed_out += (
                late := _passed(now, self._born, limits.handshake_timeout)
            )
            return late
        meters.stalls += (stalled := _passed(now, self._written, limits.stall_timeout))
        return stalled

    def _look_at_writing(self, now: float) -> None:
        """Note when the client last took something, if only as fast as more was written."""
        unwritten = self._protocol.unwritten_bytes
        if not unwritten:
            if self._taken is not None:
                self._protocol.stop_counting()
            self._taken = None
            self._written = now
            return
        taken = self._protocol.count_written() - unwritten
        if self._taken is not None and taken > self._taken:
            self._written = now
        self._taken = taken

    def _look_at_streams(self, now: float) -> None:
        for stream in list(self._protocol.connection.streams.values()):
            if stream.unsent_bytes:
                self._look_at_unsent(stream, now)
            elif isinstance(stream.receiver, Call):
                stream.receiver.look(now)

    def _look_at_unsent(self, stream: Stream[RequestHead], now: float) -> None:
        """End a stream that the client leaves without a window; sending resets its clock."""
        if stream.stalled_since is None:
            stream.stalled_since = now
        elif _passed(now, stream.stalled_since, self._protocol.limits.stall_timeout):
            self._protocol.meters.stalls += 1
            receiver = stream.receiver
            self._protocol.connection.reset(stream, ErrorCode.CANCEL)
            if receiver:
                receiver.lost()

    def _look_at_age(self, now: float) -> None:
        protocol, limits, meters = self._protocol, self._protocol.limits, self._protocol.meters
        connection = protocol.connection
        if connection.streams or connection.last_stream_id != self._last_stream_id:
            self._last_stream_id = connection.last_stream_id
            self._active = now
        if self._retired is not None:
            connection.drain()
            if _passed(now, self._retired, limits.max_connection_age_grace):
                protocol.close()
            return
        if _passed(now, self._born, self._age_limit):
            meters.aged_closed += 1
        elif _passed(now, self._active, limits.max_connection_idle):
            meters.idle_closed += 1
        else:
            return
        self._retired = now
        protocol.retire()

    def _look_for_life(self, now: float) -> None:
        """Ping a client that is silent, and give it up if it stays so."""
        protocol, limits = self._protocol, self._protocol.limits
        if protocol.last_received != self._last_received:
            self._last_received = protocol.last_received
            self._received = now
            self._pinged = None
        elif self._pinged is not None:
            if _passed(now, self._pinged, limits.keepalive_timeout):
                protocol.meters.keepalive_timed_out += 1
                protocol.abort()
        elif _passed(now, self._received, limits.keepalive_time):
            self._pinged = now
            protocol.connection.ping(_PING)


def _passed(now: float, since: float, limit: float) -> bool:
    """Say whether a time limit is over; 0 means that there is none."""
    return 0 < limit < now - since
