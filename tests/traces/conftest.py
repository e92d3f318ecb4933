"""What tests of traces run with: a collector, and each transport."""

from collections.abc import Iterator

import pytest

from tests.sidecars import TRANSPORTS
from tests.traces.receiver import Receiver, running_receiver


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    """Name each transport in turn."""
    name: str = request.param
    return name


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """Run a collector to which this process exports."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with running_receiver() as running:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.endpoint)
        yield running
