"""The line to the stage."""

import json
import socket
import threading
from collections.abc import Mapping
from typing import Any


class StageFailed(Exception):
    """The stage could not do what it was told; the message is its own."""


class Control:
    """Sends commands, one JSON object a line; threads may share it."""

    def __init__(self, address: str) -> None:
        """Connect to ``host:port``."""
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)))
        self._answers = self._socket.makefile("rb")
        self._lock = threading.Lock()

    def close(self) -> None:
        """Disconnect."""
        self._answers.close()
        self._socket.close()

    def do(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """Send a command and return its answer.

        Raises:
            StageFailed: It could not be carried out.
        """
        with self._lock:
            self._socket.sendall(json.dumps(command).encode() + b"\n")
            answer: dict[str, Any] = json.loads(self._answers.readline())
        if "error" in answer:
            raise StageFailed(answer["error"])
        return answer
