"""A sidecar whose DNS fails at times.

Run as ``python -m tests.faults.failing_resolver RATE FILE serve …``. What answers names is
the machine's, so the fault is made inside the process, where the name would be looked up.
Each failure adds a byte to the file.
"""

import asyncio
import os
import random
import socket
import sys

from pannier_server.backends.dynamodb.wire.connection import Connection
from pannier_server.backends.dynamodb.wire.connector import Connector
from pannier_server.cli import main


def fail_at_times(rate: float, journal: str) -> None:
    """Let that share of look-ups fail."""
    connect = Connector._connect
    counted = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def look_up(self: Connector, loop: asyncio.AbstractEventLoop) -> Connection:
        if random.random() < rate:
            os.write(counted, b"x")
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return await connect(self, loop)

    Connector._connect = look_up  # type: ignore[method-assign]


if __name__ == "__main__":
    fail_at_times(float(sys.argv[1]), sys.argv[2])
    sys.exit(main(sys.argv[3:]))
