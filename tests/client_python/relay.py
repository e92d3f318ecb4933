"""A relay between client and sidecar that loses answers and cuts connections."""

import socket
import threading
from contextlib import suppress
from pathlib import Path

_FRAME_HEADER_BYTES = 9  # RFC 9113, section 4.1
_HEADERS_FRAME = 1


class Relay:
    """Passes bytes on from a Unix socket to a TCP address, until told otherwise.

    The first HEADERS frame of a stream from the server is the start of its answer. Where
    it is lost, the call was carried out and the client cannot know it.
    """

    def __init__(self, listen: Path, host: str, port: int) -> None:
        self.address = f"unix:{listen}"
        self._upstream = (host, port)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(listen))
        self._listener.listen()
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._lose_after: int | None = None
        self.lost = 0
        self._start(self._accept)

    def lose_an_answer(self, after: int = 0) -> None:
        """Cut the connection in place of an answer, after so many that go through."""
        with self._lock:
            self._lose_after = after

    def cut(self) -> None:
        """End all connections."""
        with self._lock:
            connections, self._connections = self._connections, set()
        for connection in connections:
            _end(connection)

    def close(self) -> None:
        _end(self._listener)
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(self._upstream)
                except OSError:
                    client.close()
                    continue
                with self._lock:
                    self._connections |= {client, server}
                self._start(self._pass_requests, client, server)
                self._start(self._pass_answers, server, client)

    def _pass_requests(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65_536):
                server.sendall(data)
        _end(server)
        _end(client)

    def _pass_answers(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError), server.makefile("rb") as frames:
            while header := frames.read(_FRAME_HEADER_BYTES):
                payload = frames.read(int.from_bytes(header[:3], "big"))
                if header[3] == _HEADERS_FRAME and self._is_to_be_lost():
                    break
                client.sendall(header + payload)
        _end(server)
        _end(client)

    def _is_to_be_lost(self) -> bool:
        with self._lock:
            if self._lose_after is None:
                return False
            if self._lose_after > 0:
                self._lose_after -= 1
                return False
            self._lose_after = None
            self.lost += 1
            return True

    @staticmethod
    def _start(target: object, *arguments: socket.socket) -> None:
        threading.Thread(target=target, args=arguments, daemon=True).start()  # type: ignore[arg-type]


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
