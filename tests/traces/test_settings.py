"""What cannot be traced as the settings want it is refused, and nothing is paid without them."""

import subprocess
import sys
from pathlib import Path

import pytest

from pannier.v1 import storage_pb2 as pb
from pannier_server.app import running_sidecar
from pannier_server.backends.memory import MemoryBackend
from pannier_server.config import Settings, SettingsError
from pannier_server.supervisor import supervise
from tests.sidecars import LOOPBACK, sidecar_stub
from tests.traces.receiver import Receiver

TRACED = Settings(
    store="memory:", listen=LOOPBACK, grace=1.0, traces=True, origins={"traces": "--traces"}
)


async def refusal() -> str:
    with pytest.raises(SettingsError) as caught:
        async with running_sidecar(TRACED):
            pass
    return str(caught.value)


@pytest.fixture
def without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)


@pytest.mark.usefixtures("without_the_extra")
async def test_without_the_extra_the_start_is_refused() -> None:
    assert await refusal() == (
        "--traces: traces need OpenTelemetry, which is not installed; "
        "run `pip install 'pannier-server[otel]'`, or leave traces out"
    )


@pytest.mark.usefixtures("without_the_extra")
async def test_a_program_that_nothing_can_be_installed_into_says_what_has_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    message = await refusal()
    assert "pip install" not in message
    assert "serve with the image or the package `pannier-server[otel]`" in message


@pytest.mark.usefixtures("without_the_extra")
def test_several_workers_are_refused_once_before_they_start() -> None:
    with pytest.raises(SettingsError, match=r"pannier-server\[otel\]"):
        supervise(TRACED)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("OTEL_TRACES_EXPORTER", "zipkin", "is 'zipkin'; choose otlp, console or none"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "is 'grpc', and only http/protobuf is there"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc", "is 'grpc', and only http/protobuf is"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "1", "max_queue_size"),
    ],
)
async def test_a_wrong_variable_is_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)

    message = await refusal()

    assert message.startswith("--traces: the environment's OTEL_ variables: ")
    assert says in message
    assert "\n" not in message


async def test_the_environment_says_whose_spans_they_are(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "tasks-store")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
    async with sidecar_stub(MemoryBackend(), traces=True) as stub:
        await stub.Put(pb.PutRequest(key="o:n"))

    (call,) = receiver.calls
    assert call.resource["service.name"] == "tasks-store"
    assert call.resource["deployment.environment"] == "test"
    assert call.resource["service.instance.id"]


async def test_an_exporter_can_be_switched_off(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    async with sidecar_stub(MemoryBackend(), traces=True) as stub:
        await stub.Put(pb.PutRequest(key="o:n"))

    assert receiver.bodies == []


def test_nothing_of_it_is_imported_without_the_switch(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
from pannier_server.app import running_sidecar
from pannier_server.config import Settings, UnixAddress

async def start():
    listen = (UnixAddress({str(tmp_path / "s")!r}),)
    async with running_sidecar(Settings(store="memory:", listen=listen)):
        print([name for name in sys.modules if name.startswith("opentelemetry")])
        print([name for name in sys.modules if name.startswith("pannier_server.tracing")])

asyncio.run(start())
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert ran.stdout == "[]\n[]\n"
