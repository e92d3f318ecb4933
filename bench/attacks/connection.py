"""One connection of an attack."""

import errno
import re
import socket
import struct

from bench.attacks.attack import EVERYTHING, Attack
from bench.attacks.frames import ErrorCode, FrameType, take_frames
from bench.attacks.tally import Tally

WRITE_BYTES = 262_144
READ_BYTES = 262_144
TAIL_BYTES = 512
NO_LINGER = struct.pack("ii", 1, 0)
GOAWAY = re.compile(rb"\0..\x07\0\0\0\0\0....(....)", re.DOTALL)
CODE_NAMES = {code.value: code.name for code in ErrorCode}

_scratch = bytearray(READ_BYTES)
_view = memoryview(_scratch)


class Lost(Exception):
    """The server ended the connection; the message says how."""


class Connection:
    """A socket that sends what the attack says and reads as much as it says."""

    def __init__(self, attack: Attack, address: tuple[str, int], tally: Tally) -> None:
        """Start to connect.

        Raises:
            Lost: nothing listens there, or this machine has no more ports.
        """
        self._attack = attack
        self._tally = tally
        self._opening = memoryview(attack.opening.data)
        self._volley = memoryview(attack.volley.data)
        self._sent = 0  # of the opening
        self._fired = 0  # of all volleys
        self._granted = 0  # of all volleys, by the pace
        self._gate = attack.gate() if attack.gate else None
        self._unread = bytearray()
        self._goaway: int | None = None
        self.watched = 0
        self.socket = self._connect(address)
        self.fd = self.socket.fileno()
        tally.connections += 1

    def _connect(self, address: tuple[str, int]) -> socket.socket:
        connecting = socket.socket(type=socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._attack.receive_buffer:
            size = self._attack.receive_buffer
            connecting.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
        problem = connecting.connect_ex(address)
        if problem not in (0, errno.EINPROGRESS):
            connecting.close()
            raise Lost(errno.errorcode[problem])
        return connecting

    @property
    def wants_to_send(self) -> bool:
        """Whether there is something to send now."""
        return self._sent < len(self._opening) or self._fired < self._limit()

    @property
    def through(self) -> bool:
        """Whether all has been sent that the attack has for one connection."""
        if self._gate and self._gate.spent:
            return True
        return self._sent == len(self._opening) and self._fired == self._whole()

    def grant_piece(self) -> None:
        """Let one more piece be sent."""
        self._granted = self._fired + self._attack.piece

    def send(self) -> None:
        """Send as much as the socket takes at once.

        Raises:
            Lost: the server has closed the connection.
        """
        try:
            if self._sent < len(self._opening):
                count = self.socket.send(self._opening[self._sent :])
                self._sent += count
                self._tally.opening_bytes += count
            else:
                self._fire()
        except BlockingIOError:
            return
        except OSError as error:
            self.receive()  # what the server said before it closed
            raise self._lost(error) from None

    def _fire(self) -> None:
        start = self._fired % len(self._volley)
        end = start + min(self._limit() - self._fired, WRITE_BYTES)
        count = self.socket.send(self._volley[start:end])
        self._fired += count
        self._tally.volley_bytes += count

    def _whole(self) -> int:
        """Return how many bytes of volleys the attack has for one connection; -1: no end."""
        if not self._volley:
            return -1
        return -1 if self._attack.repeats is None else self._attack.repeats * len(self._volley)

    def _limit(self) -> int:
        """Return how many bytes of volleys may have been sent by now."""
        if not self._volley:
            return 0
        limit = self._fired + WRITE_BYTES
        if self._attack.repeats is not None:
            limit = min(limit, self._whole())
        if self._attack.piece:
            limit = min(limit, self._granted)
        return self._gate.allowed(limit) if self._gate else limit

    def receive(self, limit: int = EVERYTHING) -> None:
        """Read what has come, ``limit`` bytes at most.

        Raises:
            Lost: the server has closed the connection.
        """
        try:
            count = self.socket.recv_into(_view, READ_BYTES if limit == EVERYTHING else limit)
        except BlockingIOError:
            return
        except OSError as error:
            raise self._lost(error) from None
        if not count:
            raise self._lost()
        self._tally.bytes_received += count
        self._note(count)

    def _note(self, count: int) -> None:
        if self._gate:
            self._unread += _view[:count]
            for frame in take_frames(self._unread):
                self._gate.received(frame)
                if frame.kind == FrameType.GOAWAY:
                    self._goaway = int.from_bytes(frame.payload[4:8], "big")
        else:
            self._unread += _view[max(0, count - TAIL_BYTES) : count]
            del self._unread[:-TAIL_BYTES]

    def lost(self) -> Lost:
        """Return how the server ended a connection that is not read from."""
        error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return self._lost(OSError(error, "") if error else None)

    def _lost(self, error: OSError | None = None) -> Lost:
        if goaways := GOAWAY.findall(self._unread):
            self._goaway = int.from_bytes(goaways[-1], "big")
        if self._goaway is not None:
            return Lost(f"GOAWAY {CODE_NAMES.get(self._goaway, self._goaway)}")
        return Lost(errno.errorcode.get(error.errno or 0, "error") if error else "closed")

    def close(self, *, abruptly: bool = False) -> None:
        """Close it; ``abruptly`` with a RST, which leaves nothing behind in the kernel."""
        if abruptly:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self.socket.close()
