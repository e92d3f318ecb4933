"""Real processes export their spans, and end in time whatever the collector does."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import grpc

from pannier.v1 import storage_pb2 as pb
from pannier.v1.storage_pb2_grpc import StorageBackendStub
from tests.security.processes import logged_sidecar
from tests.sidecars import eventually, sidecar_process
from tests.traces.receiver import running_receiver


def environment(endpoint: str, **more: str) -> dict[str, str]:
    return {
        "NO_PROXY": "127.0.0.1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_BSP_SCHEDULE_DELAY": "20",
        **more,
    }


async def put(address: str) -> None:
    """Make a call over a connection of its own."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        stub: Any = StorageBackendStub(channel)  # type: ignore[no-untyped-call]
        await stub.Put(pb.PutRequest(key="o:n"))


async def test_each_worker_exports_its_own_calls(tmp_path: Path) -> None:
    with running_receiver() as receiver:
        store = f"sqlite://{tmp_path}/pannier.db"
        with sidecar_process(
            store, "--workers=2", "--traces", environment=environment(receiver.endpoint)
        ) as sidecar:
            made = 0

            async def both_have_exported() -> bool:
                nonlocal made
                await asyncio.gather(*(put(sidecar.address) for _ in range(4)))
                made += 4
                return len({call.resource["service.instance.id"] for call in receiver.calls}) == 2

            await eventually(both_have_exported)
            assert sidecar.stop() == 0

        calls = receiver.calls
        assert len(calls) == made
        assert len({call.resource["process.pid"] for call in calls}) == 2
        for call in calls:
            assert [span.name for span in receiver.below(call)] == ["sqlite.put"]


async def test_the_last_spans_are_exported_before_the_end() -> None:
    with running_receiver() as receiver:
        never = environment(receiver.endpoint, OTEL_BSP_SCHEDULE_DELAY="3600000")
        with sidecar_process("memory:", "--traces", environment=never) as sidecar:
            await put(sidecar.address)
            assert receiver.calls == []
            assert sidecar.stop() == 0

        assert len(receiver.calls) == 1


def test_a_collector_that_never_answers_holds_up_neither_calls_nor_the_end(
    tmp_path: Path, monkeypatch: Any
) -> None:
    with running_receiver(answering=False) as receiver:
        # Without a limit of our own the end would wait for this one.
        waiting = environment(receiver.endpoint, OTEL_EXPORTER_OTLP_TIMEOUT="3600")
        for name, value in waiting.items():
            monkeypatch.setenv(name, value)
        flags = ("--store=memory:", "--listen=127.0.0.1:0", "--traces", "--grace=500ms")
        with logged_sidecar(tmp_path / "output", *flags) as sidecar:
            asyncio.run(put(sidecar.addresses[0]))
            assert receiver.arrived.wait(60)
            asyncio.run(put(sidecar.addresses[0]))
            sidecar.process.send_signal(signal.SIGTERM)
            assert sidecar.process.wait(60) == 0

        assert "the last spans could not be exported within" in sidecar.text
