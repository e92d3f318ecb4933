"""Taking connections from a listening socket."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Collection
from contextlib import suppress
from functools import partial

from pannier_server.transport.h2.serving.host import Host
from pannier_server.transport.h2.serving.peer import peer_user
from pannier_server.transport.h2.serving.protocol import ServerProtocol

Connecting = asyncio.Task[tuple[asyncio.Transport, asyncio.BaseProtocol]]

_log = logging.getLogger(__name__)

_AT_ONCE = 2
# Those whose clients have left already cost little; so many more are taken.
_GONE_AT_ONCE = 16

# What they count as against the pace, and a connection that ended in an error once more.
_GONE_COSTS = 1 / 32
_FAULT_COSTS = 2
# So many connections may come after a pause.
_GROUP = 10
# After the process ran out of descriptors.
_PAUSE_SECONDS = 0.1
# How many users are named in the log that may not connect.
_MAX_NOTED_USERS = 100
# A handshake without a limit has this one: asyncio takes none for its own default.
_NO_TIMEOUT = 365 * 86_400.0


class Pace:
    """How fast connections are accepted: so many at once, and then so many a second.

    Who opens connections faster than that waits in the kernel's queue, and what a
    connection costs us, about 0.2 ms of CPU, is left for those who have one.
    """

    __slots__ = ("_burst", "_left", "_per_second", "_since")

    def __init__(self, burst: int, per_second: float) -> None:
        """Begin with a whole burst."""
        self._burst = self._left = float(burst)
        self._per_second = per_second
        self._since = 0.0

    def take(self, now: float, count: float) -> None:
        """Count what came at a time, in seconds, as so many connections."""
        gained = (now - self._since) * self._per_second
        self._left = min(self._burst, self._left + gained) - count
        self._since = now

    @property
    def pause(self) -> float:
        """The seconds until more may come; 0 where one may come now.

        They come in groups, because a pause costs two system calls.
        """
        return 0.0 if self._left >= 1 else (_GROUP - self._left) / self._per_second


class Acceptor:
    """Accepts the connections of one socket, a few in a turn of the event loop.

    The loop's own server takes all that wait at once. That would hold up everyone else
    in a rush of connections, and where processes share a socket give them all to the one
    that wakes up first.

    Attributes:
        tls: For connections with TLS that come from now on.
    """

    def __init__(
        self,
        listening: socket.socket,
        host: Host,
        *,
        tls: ssl.SSLContext | None,
        shared: bool,
        users: Collection[int] | None = None,
    ) -> None:
        """Take a listening socket, and the host of its connections.

        Args:
            listening: The socket.
            host: What admits connections.
            tls: For connections with TLS.
            shared: Other processes accept from the socket too.
            users: Who may connect to a Unix socket; None for everyone that its file lets in.
        """
        self._listening = listening
        self._host = host
        self.tls = tls
        self._users = users
        self._refused_users: set[int] = set()
        self._at_once = 1 if shared else _AT_ONCE
        self._handshake_timeout = None
        if tls is not None:
            self._handshake_timeout = host.limits.handshake_timeout or _NO_TIMEOUT
        self._connecting: set[Connecting] = set()
        self._is_starved = False
        self._is_pausing = False
        self._faults = 0
        self._pace = Pace(host.limits.connection_burst, host.limits.connections_per_second)

    async def start(self) -> None:
        """Accept from now on."""
        self._listening.settimeout(0)
        asyncio.get_running_loop().add_reader(self._listening, self._accept)

    async def stop(self) -> None:
        """Accept no more, and close the socket."""
        asyncio.get_running_loop().remove_reader(self._listening)
        self._listening.close()
        for task in self._connecting:
            task.cancel()

    def _accept(self) -> None:
        taken = 0
        for _ in range(_GONE_AT_ONCE):
            try:
                sock, _ = self._listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                # There are no more: another process was faster, or the client has left.
                return
            except OSError as error:
                self._starve(error)
                return
            sock.settimeout(0)
            if _has_left(sock):
                self._host.meters.connections_gone += 1
                self._keep_pace(_GONE_COSTS)
                sock.close()
                continue
            self._keep_pace(1)
            self._start_connecting(sock)
            taken += 1
            if taken == self._at_once:
                return

    def _keep_pace(self, count: float) -> None:
        """Count a connection, and those that ended in an error since the last one again."""
        faults = self._host.meters.connection_errors
        count += (faults - self._faults) * _FAULT_COSTS
        self._faults = faults
        self._pace.take(asyncio.get_running_loop().time(), count)
        if self._pace.pause:
            self._accept_again_in(self._pace.pause)

    def _start_connecting(self, sock: socket.socket) -> None:
        self._is_starved = False
        loop = asyncio.get_running_loop()
        protocol = self._host.admit(loop) if self._may_connect(sock) else None
        if protocol is None:
            sock.close()
            return
        if sock.family != socket.AF_UNIX:
            # asyncio's own loop leaves it to sockets that were made with a protocol's number.
            with suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connecting = loop.create_task(
            loop.connect_accepted_socket(
                lambda: protocol,
                sock,
                ssl=self.tls,
                ssl_handshake_timeout=self._handshake_timeout,
            )
        )
        self._connecting.add(connecting)
        connecting.add_done_callback(partial(self._end_connecting, protocol, sock))

    def _may_connect(self, sock: socket.socket) -> bool:
        if self._users is None:
            return True
        user = peer_user(sock)
        if user in self._users:
            return True
        self._host.meters.connections_refused += 1
        # Once for each user, and for so many: nobody is to fill the log.
        noted = self._refused_users
        if user is not None and user not in noted and len(noted) < _MAX_NOTED_USERS:
            noted.add(user)
            _log.warning("refused a connection: user %d may not use this Unix socket", user)
        return False

    def _end_connecting(
        self, protocol: ServerProtocol, sock: socket.socket, connecting: Connecting
    ) -> None:
        """Clean up where no connection has come of it."""
        self._connecting.discard(connecting)
        error = None if connecting.cancelled() else connecting.exception()
        if error is None and not connecting.cancelled():
            return
        self._host.discard(protocol)
        sock.close()
        if isinstance(error, ConnectionAbortedError):
            self._host.meters.handshakes_timed_out += 1
        elif isinstance(error, OSError):
            self._host.meters.handshakes_failed += 1
        elif error is not None:
            _log.error("a connection could not be set up", exc_info=error)

    def _starve(self, error: OSError) -> None:
        """Accept no more for a while, in which descriptors may come free."""
        if not self._is_starved:
            _log.error("cannot accept connections: %s", error.strerror)
        self._is_starved = True
        self._accept_again_in(_PAUSE_SECONDS)

    def _accept_again_in(self, seconds: float) -> None:
        if not self._is_pausing:
            self._is_pausing = True
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._listening)
            loop.call_later(seconds, self._accept_again)

    def _accept_again(self) -> None:
        self._is_pausing = False
        if self._listening.fileno() >= 0:
            asyncio.get_running_loop().add_reader(self._listening, self._accept)


def _has_left(sock: socket.socket) -> bool:
    """Say whether a client has closed its connection before it sent anything."""
    try:
        return not sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
