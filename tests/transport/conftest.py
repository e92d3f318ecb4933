"""What a test of a transport runs with: each transport, and certificates."""

import pytest

from tests.sidecars import TRANSPORTS
from tests.transport.certificates import Certificates


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    """Name each transport in turn."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Make a server's certificate for 127.0.0.1, a client's, and their authorities."""
    return Certificates(tmp_path_factory.mktemp("certificates"))
