"""A real sidecar process: start, health, drain, and what it says when it cannot start."""

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

import pannier
from pannier.v1 import storage_pb2 as pb
from pannier.v1.storage_pb2_grpc import StorageBackendStub
from pannier_server.app import running_sidecar
from pannier_server.backends.contract import Call, Key, Write, Written
from pannier_server.backends.memory import MemoryBackend
from pannier_server.config import Settings, UnixAddress
from pannier_server.service.handlers import BackendHandlers
from pannier_server.service.servicer import CallsInFlight, StorageServicer
from tests.engines.dynamodb_local import running_engine
from tests.engines.table import Table, create_table
from tests.sidecars import LOOPBACK, channel_to, eventually, sidecar_process
from tests.statuses import failure_of

SERVICE = "pannier.v1.StorageBackend"
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def health_of(address: str, service: str) -> int:
    async with grpc.aio.insecure_channel(address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
        return int(answer.status)


async def test_a_sidecar_waits_for_its_store_and_recovers_with_it() -> None:
    with running_engine() as engine:
        table = create_table(Table("pannier_recovery", endpoint=engine.endpoint))
        engine.stop()
        with sidecar_process(table.store_url, "--health-interval=200ms") as sidecar:

            async def serves() -> bool:
                return bool(await health_of(sidecar.address, SERVICE) == SERVING)

            async def serves_not() -> bool:
                return not await serves()

            assert await health_of(sidecar.address, "") == SERVING
            assert await serves_not()
            async with pannier.aio.connect(sidecar.address, timeout=3) as store:
                with pytest.raises(pannier.Unavailable):
                    await store.get("o:n")
                engine.start_again()
                create_table(table)
                await eventually(serves)
                assert (await store.put("o:n", b"1")).version == 1
                engine.stop()
                await eventually(serves_not)
                assert await health_of(sidecar.address, "") == SERVING
                engine.start_again()
                create_table(table)
                await eventually(serves)
                assert (await store.put("o:n", b"2")).version == 1


class SlowBackend(MemoryBackend):
    """Holds each put until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.started = asyncio.Event()
        self.go_on = asyncio.Event()

    async def put(self, key: Key, write: Write, call: Call) -> Written:
        self.started.set()
        await self.go_on.wait()
        return await super().put(key, write, call)


async def test_a_call_in_flight_is_finished_before_the_sidecar_stops(transport: str) -> None:
    backend = SlowBackend()
    settings = Settings(store="memory:", listen=LOOPBACK, grace=30.0, transport=transport)
    running = running_sidecar(settings, backend=backend)
    sidecar = await running.__aenter__()
    async with pannier.aio.connect(str(sidecar.addresses[0])) as store:
        put = asyncio.create_task(store.put("o:n", b""))
        await backend.started.wait()
        stopping = asyncio.create_task(running.__aexit__(None, None, None))
        await asyncio.sleep(0)
        backend.go_on.set()
        assert (await put).version == 1
        await stopping


async def test_a_watched_health_does_not_hold_the_drain_up(transport: str) -> None:
    settings = Settings(store="memory:", listen=LOOPBACK, grace=600.0, transport=transport)
    running = running_sidecar(settings, backend=MemoryBackend())
    sidecar = await running.__aenter__()
    async with channel_to(sidecar) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        assert (await watch.read()).status in {SERVING, NOT_SERVING}
        await running.__aexit__(None, None, None)


async def test_a_call_that_does_not_end_is_cut_after_the_grace_time(transport: str) -> None:
    backend = SlowBackend()
    settings = Settings(store="memory:", listen=LOOPBACK, grace=0.1, transport=transport)
    running = running_sidecar(settings, backend=backend)
    sidecar = await running.__aenter__()
    async with channel_to(sidecar) as channel:
        stub = StorageBackendStub(channel)  # type: ignore[no-untyped-call]
        put = asyncio.ensure_future(stub.Put(pb.PutRequest(key="o:n")))
        await backend.started.wait()
        await running.__aexit__(None, None, None)
        with pytest.raises(grpc.aio.AioRpcError):
            await put


def test_sigterm_ends_an_idle_sidecar_with_code_0(tmp_path: Path, transport: str) -> None:
    flag = f"--transport={transport}"
    with sidecar_process(f"sqlite://{tmp_path}/p.db", flag) as sidecar:
        assert sidecar.stop() == 0


def test_under_load_a_drain_loses_no_acknowledged_write(tmp_path: Path, transport: str) -> None:
    url = f"sqlite://{tmp_path}/p.db"
    acknowledged = []
    flag = f"--transport={transport}"
    with (
        sidecar_process(url, flag) as sidecar,
        pannier.connect(sidecar.address, timeout=1) as store,
    ):
        for number in range(100_000):
            try:
                acknowledged.append(f"o:{store.put(f'o:{number}', b'').version}-{number}")
            except pannier.PannierError:
                break
            if number == 200:
                sidecar.process.send_signal(signal.SIGTERM)
        assert sidecar.process.wait() == 0
    with sidecar_process(url) as again, pannier.connect(again.address) as store:
        assert sum(1 for _ in store.list("o:")) >= len(acknowledged)


def test_a_second_sigterm_ends_the_sidecar_at_once(transport: str) -> None:
    hole = socket.create_server(("127.0.0.1", 0))
    url = f"dynamodb://t_t?region=us-east-1&endpoint=http://127.0.0.1:{hole.getsockname()[1]}"
    with sidecar_process(url, "--grace=600s", f"--transport={transport}") as sidecar, hole:
        channel = grpc.insecure_channel(sidecar.address)
        stub = StorageBackendStub(channel)  # type: ignore[no-untyped-call]
        call = stub.Get.future(pb.GetRequest(key="o:n"), timeout=60)
        connections = wait_for_request(hole, b"GetItem")
        sidecar.process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            sidecar.process.wait(1)
        sidecar.process.send_signal(signal.SIGTERM)
        assert sidecar.process.wait() == -signal.SIGTERM
        call.cancel()
        channel.close()
        for connection in connections:
            connection.close()


def wait_for_request(hole: socket.socket, operation: bytes) -> list[socket.socket]:
    """Accept connections and answer nothing, until one brings a request; return them all."""
    connections = []
    while True:
        connection, _ = hole.accept()
        connections.append(connection)
        if operation in connection.recv(65_536):
            return connections


async def test_a_call_that_comes_during_a_drain_is_told_so() -> None:
    calls = CallsInFlight()
    handlers = BackendHandlers(MemoryBackend(), max_data_bytes=1_000)
    server: Any = grpc.aio.server()
    StorageServicer(handlers, calls, time.time, 10.0).register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = StorageBackendStub(channel)  # type: ignore[no-untyped-call]
        await calls.drain()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Put(pb.PutRequest(key="o:n"))
    failure = failure_of(caught.value)
    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
    assert failure.write_outcome == "not_applied"
    await server.stop(0)


async def test_the_unix_socket_is_its_owners_alone_unless_told(
    tmp_path: Path, transport: str
) -> None:
    for mode in (0o600, 0o660):
        path = tmp_path / "pannier.sock"
        settings = Settings(
            store="memory:",
            listen=(UnixAddress(str(path)),),
            socket_mode=mode,
            grace=1.0,
            transport=transport,
        )
        async with running_sidecar(settings) as sidecar:
            assert stat.S_IMODE(path.stat().st_mode) == mode
            async with pannier.aio.connect(str(sidecar.addresses[0])) as store:
                assert (await store.put("o:n", b"")).version == 1
        assert not path.exists()


async def test_a_stale_socket_file_is_replaced(tmp_path: Path, transport: str) -> None:
    path = tmp_path / "pannier.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    settings = Settings(
        store="memory:", listen=(UnixAddress(str(path)),), grace=1.0, transport=transport
    )
    async with running_sidecar(settings) as sidecar:
        assert await health_of(str(sidecar.addresses[0]), "") == SERVING


def failed_start(*flags: str) -> tuple[int, str]:
    """Run ``pannier serve`` that must fail, and return its code and its error output."""
    done = subprocess.run(
        [sys.executable, "-m", "pannier_server", "serve", *flags],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PANNIER_LOG_LEVEL": "error"},
    )
    return done.returncode, done.stderr


def test_an_address_in_use_is_one_clear_line(tmp_path: Path, transport: str) -> None:
    path = tmp_path / "pannier.sock"
    flags = ("--store=memory:", f"--transport={transport}")
    with sidecar_process("memory:", f"--listen=unix:{path}", "--listen=127.0.0.1:0") as sidecar:
        port = sidecar.addresses[1]
        code, error = failed_start(*flags, f"--listen=unix:{path}")
        assert (code, error.count("\n")) == (1, 1)
        assert "a server is listening" in error
        code, error = failed_start(*flags, f"--listen={port}")
        assert code == 1
        assert f"cannot listen on {port}" in error.splitlines()[-1]


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path, transport: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("keep me")
    code, error = failed_start(
        "--store=memory:", f"--transport={transport}", f"--listen=unix:{path}"
    )
    assert code == 1
    assert "is no socket" in error
    assert path.read_text() == "keep me"


def test_hundreds_of_connections_may_wait_for_a_busy_sidecar(
    tmp_path: Path, transport: str
) -> None:
    path = tmp_path / "pannier.sock"
    flags = (f"--listen=unix:{path}", f"--transport={transport}")
    with sidecar_process("memory:", *flags) as sidecar, ExitStack() as stack:
        sidecar.process.send_signal(signal.SIGSTOP)
        for _ in range(300):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            # A full queue would be an error at once.
            client.setblocking(False)
            client.connect(str(path))
