"""Sidecars for tests: in this process with a clock to set, or as real processes."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import grpc

from pannier.v1 import storage_pb2_grpc
from pannier_server.app import Sidecar, running_sidecar
from pannier_server.backends.contract import StorageBackend
from pannier_server.config import Settings, TcpAddress

LOOPBACK = (TcpAddress("127.0.0.1", 0),)
TRANSPORTS = ("grpcio", "h2")


@dataclass(slots=True)
class SettableClock:
    """A clock that stands at the real time until it is set."""

    time: float | None = None

    def __call__(self) -> float:
        return time.time() if self.time is None else self.time


@asynccontextmanager
async def sidecar_stub(
    backend: StorageBackend, clock: SettableClock | None = None, **settings: object
) -> AsyncIterator[storage_pb2_grpc.StorageBackendStub]:
    """Run a sidecar in this process over a backend, and yield a stub connected to it.

    ``settings`` are fields of `Settings`, such as ``transport``.
    """
    base = Settings(store="memory:", listen=LOOPBACK, grace=1.0)
    chosen = replace(base, **settings)  # type: ignore[arg-type]
    async with (
        running_sidecar(chosen, backend=backend, clock=clock or SettableClock()) as sidecar,
        channel_to(sidecar) as channel,
    ):
        yield storage_pb2_grpc.StorageBackendStub(channel)  # type: ignore[no-untyped-call]


@asynccontextmanager
async def channel_to(
    sidecar: Sidecar,
    credentials: grpc.ChannelCredentials | None = None,
    more_options: Sequence[tuple[str, int]] = (),
) -> AsyncIterator[grpc.aio.Channel]:
    """Connect to the first of a sidecar's addresses, over TLS where there are credentials."""
    options = [
        ("grpc.max_receive_message_length", -1),
        ("grpc.max_send_message_length", -1),
        ("grpc.enable_retries", 0),
        ("grpc.use_local_subchannel_pool", 1),
        *more_options,
    ]
    address = str(sidecar.addresses[0])
    if credentials:
        opened = grpc.aio.secure_channel(address, credentials, options=options)
    else:
        opened = grpc.aio.insecure_channel(address, options=options)
    async with opened as channel:
        yield channel


@dataclass(slots=True)
class SidecarProcess:
    """A running ``pannier serve``.

    Attributes:
        process: The process, whose standard error goes where the test's does.
        addresses: Where it says it listens.
    """

    process: subprocess.Popen[str]
    addresses: list[str]

    @property
    def address(self) -> str:
        return self.addresses[0]

    def kill(self) -> None:
        """End it as a crash would (kill -9)."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """End it as a supervisor would (SIGTERM), and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait()


def start_sidecar(
    store: str,
    *flags: str,
    environment: dict[str, str] | None = None,
    within: Sequence[str] = (),
) -> SidecarProcess:
    """Start ``pannier serve`` on a free loopback port, unless flags say otherwise.

    ``--transport`` is one of them. ``within`` is a command that runs it elsewhere, as nsenter
    does.
    """
    if not any(flag.startswith("--listen") for flag in flags):
        flags = ("--listen=127.0.0.1:0", *flags)
    process = subprocess.Popen(
        [*within, sys.executable, "-m", "pannier_server", "serve", f"--store={store}", *flags],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    where = re.search(r" on (.*?)(?: with \d+ workers)?$", line)
    if where is None:
        raise AssertionError(f"pannier serve ended with code {process.wait()}: {line!r}")
    return SidecarProcess(process, where[1].split(" and "))


@contextmanager
def sidecar_process(
    store: str,
    *flags: str,
    environment: dict[str, str] | None = None,
    within: Sequence[str] = (),
) -> Iterator[SidecarProcess]:
    """Run ``pannier serve`` for the body of a ``with``."""
    sidecar = start_sidecar(store, *flags, environment=environment, within=within)
    try:
        yield sidecar
    finally:
        if sidecar.process.poll() is None:
            sidecar.process.kill()
        sidecar.process.wait()
        assert sidecar.process.stdout is not None
        sidecar.process.stdout.close()


def memory_in_use(pid: int) -> int:
    """Return a process's resident memory in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds that nothing announces."""
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
