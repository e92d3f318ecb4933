"""The interop service on each transport, and the programs that call it."""

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.transport.certificates import Certificates
from tests.transport.interop.processes import InteropServer, running_interop_server
from tests.transport.peers import peer


@pytest.fixture(scope="session")
def start_interop_server(certificates: Certificates) -> Iterator[Callable[[str], InteropServer]]:
    """Start the service on a transport, ``h2`` or with TLS ``h2-tls``, once for all tests."""
    with ExitStack() as running:

        @functools.cache
        def start(name: str) -> InteropServer:
            transport, _, tls = name.partition("-")
            return running.enter_context(
                running_interop_server(transport, certificates if tls else None)
            )

        yield start


@pytest.fixture(params=["grpcio", "grpcio-tls", "h2", "h2-tls"])
def interop_server(
    request: pytest.FixtureRequest, start_interop_server: Callable[[str], InteropServer]
) -> InteropServer:
    """The service on each transport: on grpcio's to show that the tests are right."""
    return start_interop_server(request.param)


@pytest.fixture(params=["grpcio", "h2"])
def clear_interop_server(
    request: pytest.FixtureRequest, start_interop_server: Callable[[str], InteropServer]
) -> InteropServer:
    """The service on each transport without TLS, for tests that read what goes over the wire."""
    return start_interop_server(request.param)


@pytest.fixture(scope="session")
def grpc_go_client() -> Path:
    """grpc-go's interop client."""
    return peer("grpc-interop-client")


@pytest.fixture(scope="session")
def grpc_go_echo() -> Path:
    """A server of grpc-go, which does not have the interop service."""
    return peer("grpc-go-echo")


@pytest.fixture(scope="session")
def ghz() -> Path:
    """A load generator, which calls with grpc-go."""
    return peer("ghz")
