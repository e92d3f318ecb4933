"""A server that says what it was told to say, once."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class OneAnswer:
    """Listens on loopback, and sends the first client fixed bytes.

    Attributes:
        address: Where it listens.
        received: What the client has sent, once the block is left.
    """

    def __init__(self, answer: bytes, *, pieces: bool = False, stay: bool = False) -> None:
        """Take what to send, whether byte by byte, and whether to stay connected after it."""
        self._answer = answer
        self._pieces = pieces
        self._stay = stay
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.received = b""

    def __enter__(self) -> Self:
        """Start to listen."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait until the client has gone."""
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        # A client that has heard enough leaves at once.
        with connection, suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            size = 1 if self._pieces else len(self._answer) or 1
            for start in range(0, len(self._answer), size):
                connection.sendall(self._answer[start : start + size])
            if not self._stay:
                connection.shutdown(socket.SHUT_WR)
            while data := connection.recv(65_536):
                self.received += data
