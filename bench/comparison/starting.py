"""How each contender is started."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import trustme

from bench import servers
from bench.comparison.entries import Contender, Engine, Kind, Listener, Metrics
from bench.comparison.stores import TABLE, Store, seed
from bench.servers import Certificate, Server

TRANSPORTS = {Kind.PANNIER_H2: "h2", Kind.PANNIER_GRPCIO: "grpcio"}


@contextmanager
def started(contender: Contender, store: Store, folder: Path) -> Iterator[Server]:
    """Run a contender until the block ends, with all its records there.

    Args:
        contender: What to start.
        store: Where its records are.
        folder: For requests, sockets and certificates.
    """
    with process(contender, store, folder) as server:
        if contender.engine is Engine.MEMORY:
            seed(server, folder)
        yield server


def process(
    contender: Contender, store: Store, folder: Path, *, wait: bool = True
) -> AbstractContextManager[Server]:
    """Run a contender until the block ends, with what records there are.

    Args:
        contender: What to start.
        store: Where its records are.
        folder: For sockets and certificates.
        wait: Begin the block when a sidecar's store answers, not as soon as it listens.
    """
    match contender.kind:
        case Kind.ECHO_GRPC_GO:
            return servers.program("grpc-go-echo")
        case Kind.ECHO_H2:
            return servers.contender("echo_h2")
        case Kind.ECHO_GRPC_AIO:
            return servers.contender("echo_aio")
        case Kind.BOTO3_SERVICER:
            return servers.contender("boto3_servicer", TABLE, store.endpoint)
        case kind:
            return _sidecar(contender, TRANSPORTS[kind], store, folder, wait=wait)


def _sidecar(
    contender: Contender, transport: str, store: Store, folder: Path, *, wait: bool
) -> AbstractContextManager[Server]:
    listener = contender.listener
    return servers.sidecar(
        store.url,
        "--transport",
        transport,
        "--workers",
        str(contender.workers),
        *_metrics_flags(contender, folder),
        address=f"unix:{folder / transport}.sock" if listener is Listener.UNIX else None,
        certificate=_certificate(folder) if listener is Listener.TLS else None,
        wait=wait,
    )


def _metrics_flags(contender: Contender, folder: Path) -> list[str]:
    if contender.metrics is Metrics.OFF:
        return []
    # Each engine has one server that counts.
    return ["--metrics", f"unix:{folder / contender.engine.name}.metrics"]


def _certificate(folder: Path) -> Certificate:
    """Return a certificate for loopback in ``folder``, made where it is not there yet."""
    files = Certificate(folder / "server.pem", folder / "server.key", folder / "authority.pem")
    if not files.authority.exists():
        authority = trustme.CA()
        server = authority.issue_cert("127.0.0.1")
        server.private_key_pem.write_to_path(files.key)
        files.certificate.write_bytes(b"".join(one.bytes() for one in server.cert_chain_pems))
        authority.cert_pem.write_to_path(files.authority)
    return files
