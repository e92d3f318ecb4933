"""The interop tests' server processes, clear and with TLS."""

import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from tests.engines.process import ServerProcess
from tests.transport.certificates import Certificates

START_SECONDS = 30
LISTENING = re.compile(r"^listening on .*?(\d+)\n", re.MULTILINE)
HOST = "127.0.0.1"
"""Where the servers listen, and what their certificates are for."""


@dataclass(frozen=True)
class InteropServer:
    """A running server of the interop service.

    Attributes:
        transport: What it serves with: ``grpcio`` or ``h2``.
        port: Its TCP port on 127.0.0.1.
        authority: The certificate authority's file, None where it serves without TLS.
    """

    transport: str
    port: int
    authority: Path | None

    def channel(self, port: int | None = None) -> grpc.aio.Channel:
        """Open a channel to the server, or to what relays to it on another port."""
        target = f"{HOST}:{port or self.port}"
        options = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
        if self.authority is None:
            return grpc.aio.insecure_channel(target, options=options)
        credentials = grpc.ssl_channel_credentials(self.authority.read_bytes())
        return grpc.aio.secure_channel(target, credentials, options=options)


@contextmanager
def running_interop_server(
    transport: str, certificates: Certificates | None = None
) -> Iterator[InteropServer]:
    """Run the interop service on ``transport``, with TLS where there are certificates."""
    command = [sys.executable, "-m", "tests.transport.interop.serve", "--transport", transport]
    authority = None
    if certificates is not None:
        command += ["--tls-cert", certificates.cert, "--tls-key", certificates.key]
        authority = Path(certificates.server_ca)
    with listening_process(command) as port:
        yield InteropServer(transport, port, authority)


@contextmanager
def listening_process(command: Sequence[str | Path]) -> Iterator[int]:
    """Run a server that prints ``listening on`` and its address, and yield its port."""
    process = ServerProcess(command)
    try:
        yield _port_of(process)
    finally:
        process.stop()


def _port_of(process: ServerProcess) -> int:
    deadline = time.monotonic() + START_SECONDS
    while (line := LISTENING.search(process.log_tail())) is None:
        if process.wait(0.02) is not None or time.monotonic() > deadline:
            raise AssertionError(f"the server does not listen:\n{process.log_tail()}")
    return int(line[1])
