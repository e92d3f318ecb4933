"""What tests of security run with: each transport, an auth file, certificates."""

from pathlib import Path

import pytest

from pannier_server.config import Settings
from tests.security.auth_files import AuthFileOnDisk
from tests.sidecars import LOOPBACK, TRANSPORTS
from tests.transport.certificates import Certificates


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    """Name each transport in turn."""
    name: str = request.param
    return name


@pytest.fixture
def auth_file(tmp_path: Path) -> AuthFileOnDisk:
    """Name an auth file that is not there yet."""
    return AuthFileOnDisk(tmp_path)


@pytest.fixture
def settings(transport: str, auth_file: AuthFileOnDisk) -> Settings:
    """Return the settings of a sidecar that serves only whom the auth file names."""
    return Settings(
        store="memory:", listen=LOOPBACK, grace=1.0, transport=transport, auth=str(auth_file)
    )


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Make a server's certificate for 127.0.0.1, a client's, and their authorities."""
    return Certificates(tmp_path_factory.mktemp("certificates"))
