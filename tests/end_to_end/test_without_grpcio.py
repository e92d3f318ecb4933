"""A sidecar on its own transport does without grpcio, whatever it is asked for."""

import re
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from pannier.v1 import storage_pb2 as pb
from pannier.v1.storage_pb2_grpc import StorageBackendStub
from tests.sidecars import sidecar_process
from tests.traces.receiver import running_receiver

SECONDS = 30


def imported(said: str) -> set[str]:
    """Return the modules that processes with PYTHONPROFILEIMPORTTIME have imported."""
    return set(re.findall(r"^import time: +\d+ \| +\d+ \| +([\w.]+)$", said, re.MULTILINE))


def call_everything(address: str) -> None:
    """Make a call of each service, one that fails, and one that nobody serves."""
    with grpc.insecure_channel(address) as channel:
        store: Any = StorageBackendStub(channel)  # type: ignore[no-untyped-call]
        store.Put(pb.PutRequest(key="o:n", data=b"1"), timeout=SECONDS)
        assert list(store.ListByPrefix(pb.ListByPrefixRequest(prefix="o:"), timeout=SECONDS))
        for failing in (pb.GetRequest(key="o:absent"), pb.GetRequest(key="")):
            with pytest.raises(grpc.RpcError):
                store.Get(failing, timeout=SECONDS)
        health: Any = health_pb2_grpc.HealthStub(channel)
        health.Check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
        next(health.Watch(health_pb2.HealthCheckRequest(), timeout=SECONDS))
        reflection: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        next(reflection.ServerReflectionInfo(iter([asked]), timeout=SECONDS))
        absent: Any = channel.unary_unary("/test.Service/Absent")
        with pytest.raises(grpc.RpcError):
            absent(b"", timeout=SECONDS)


@pytest.mark.parametrize("workers", [1, 2])
def test_nothing_that_it_does_imports_grpcio(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], workers: int
) -> None:
    with running_receiver() as receiver:
        environment = {
            "PYTHONPROFILEIMPORTTIME": "1",
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
            "NO_PROXY": "127.0.0.1",
        }
        flags = (f"--workers={workers}", "--traces", f"--metrics=unix:{tmp_path}/metrics.sock")
        with sidecar_process(
            f"sqlite://{tmp_path}/records.db", *flags, environment=environment
        ) as sidecar:
            call_everything(sidecar.address)
            assert sidecar.stop() == 0

    modules = imported(capfd.readouterr().err)

    assert {"pannier_server.app", "pannier_server.tracing.calls"} <= modules
    assert "pannier_server.metrics.sidecar" in modules
    assert {name for name in modules if name.partition(".")[0] == "grpc"} == set()


def test_its_other_transport_does(capfd: pytest.CaptureFixture[str]) -> None:
    environment = {"PYTHONPROFILEIMPORTTIME": "1"}
    with sidecar_process("memory:", "--transport=grpcio", environment=environment) as sidecar:
        assert sidecar.stop() == 0

    assert "grpc" in imported(capfd.readouterr().err)
