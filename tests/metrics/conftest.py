"""What tests of metrics run with: each transport, and a socket for the metrics."""

from pathlib import Path

import pytest

from pannier_server.config.addresses import UnixAddress
from tests.sidecars import TRANSPORTS


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    """Name each transport in turn."""
    name: str = request.param
    return name


@pytest.fixture
def endpoint(tmp_path: Path) -> UnixAddress:
    """Name a socket where metrics can be served."""
    return UnixAddress(str(tmp_path / "m.sock"))
