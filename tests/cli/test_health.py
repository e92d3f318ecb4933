"""`pannier health` answers a container runtime with its exit code: 0 serving, 1 not."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from tests.cli.conftest import Pannier

SERVICE = "pannier.v1.StorageBackend"
Status = health_pb2.HealthCheckResponse


@pytest.fixture
def service(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[health.HealthServicer]:
    """Run only a health service, whose answers a test sets."""
    server = grpc.server(ThreadPoolExecutor(2))
    servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    socket = f"unix:{tmp_path}/health.sock"
    server.add_insecure_port(socket)
    server.start()
    monkeypatch.setenv("PANNIER_ADDRESS", socket)
    yield servicer
    server.stop(None).wait()


def test_a_running_sidecar_is_serving(pannier: Pannier) -> None:
    answer = pannier("health")

    assert (answer.code, answer.text) == (0, "SERVING\n")


def test_a_sidecar_without_its_store_lives_but_does_not_serve(
    pannier: Pannier, service: health.HealthServicer
) -> None:
    service.set("", Status.SERVING)
    service.set(SERVICE, Status.NOT_SERVING)

    assert pannier("health", "--service", "").code == 0
    ready = pannier("health", "--json")

    assert ready.json == {"service": SERVICE, "status": "NOT_SERVING"}
    assert ready.code == 1


def test_a_service_that_is_not_there_is_named(
    pannier: Pannier, service: health.HealthServicer
) -> None:
    answer = pannier("health", "--service", "other")

    assert answer.code == 1
    assert answer.error.endswith("health.sock has no service 'other'")


def test_where_nothing_listens_it_is_not_serving(pannier: Pannier, tmp_path: Path) -> None:
    answer = pannier("health", "--address", f"unix:{tmp_path}/absent.sock")

    assert answer.code == 1
    assert "nothing listens at unix:" in answer.error


def test_an_address_that_is_none_is_a_wrong_command_line(pannier: Pannier) -> None:
    assert pannier("health", "--address", "localhost").code == 2
