"""What a backend over gRPC is reached by: each transport."""

import pytest

from tests.backends.over_grpc import Shared
from tests.sidecars import TRANSPORTS


@pytest.fixture(params=TRANSPORTS)
def shared(request: pytest.FixtureRequest) -> Shared:
    """Let a test run over each transport."""
    return Shared(request.param)
