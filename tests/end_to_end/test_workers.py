"""Several worker processes on the same addresses: who serves, who is replaced, how they stop."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Any

import pytest

import pannier
from pannier_server import supervisor
from pannier_server.config import Settings, TcpAddress
from pannier_server.supervisor import _Workers
from tests.engines.process import free_port
from tests.sidecars import TRANSPORTS, SidecarProcess, sidecar_process
from tests.transport.certificates import Certificates

SECONDS = 30
ONCE = pannier.RetryPolicy(max_attempts=1)


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    return f"sqlite://{tmp_path}/p.db"


@pytest.fixture
def shared(store_url: str, tmp_path: Path) -> Iterator[SidecarProcess]:
    """Run two workers that share a Unix socket and a port."""
    with sidecar_process(store_url, *h2_workers(tmp_path)) as sidecar:
        yield sidecar


def h2_workers(folder: Path) -> tuple[str, ...]:
    listen = (f"--listen=unix:{folder}/p.sock", "--listen=127.0.0.1:0")
    return ("--transport=h2", "--workers=2", *listen)


def workers_of(sidecar: SidecarProcess) -> list[int]:
    return children_of(sidecar.process.pid)


def children_of(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def catches_interrupts(pid: int) -> bool:
    """Say whether a process is Python already, which makes an exception of SIGINT."""
    found = re.search(r"^SigCgt:\t(.*)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return found is not None and bool(int(found[1], 16) & 1 << signal.SIGINT - 1)


@contextmanager
def suspended(*pids: int) -> Iterator[None]:
    """Let processes take nothing for a while, as if they were busy."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def wait_until_replaced(sidecar: SidecarProcess, *killed: int) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        running = workers_of(sidecar)
        if len(running) == 2 and not set(killed) & set(running):
            return
        os.sched_yield()
    raise AssertionError("no worker was started in place of the one that died")


def test_every_worker_serves_every_address(shared: SidecarProcess) -> None:
    assert shared.addresses[0].startswith("unix:")
    for worker in workers_of(shared):
        others = [pid for pid in workers_of(shared) if pid != worker]
        for address in shared.addresses:
            with suspended(*others), pannier.connect(address) as store:
                assert store.put("o:n", b"").version >= 1


def test_the_announced_addresses_are_those_that_are_shared(shared: SidecarProcess) -> None:
    path = shared.addresses[0].removeprefix("unix:")

    assert Path(path).is_socket()
    assert int(shared.addresses[1].rpartition(":")[2]) > 0


def test_a_killed_worker_is_replaced_and_the_others_calls_do_not_notice(
    shared: SidecarProcess,
) -> None:
    first, second = workers_of(shared)
    with pannier.connect(shared.address, timeout=SECONDS, retries=ONCE) as store:
        with suspended(first):
            # From here on the connection is the second worker's.
            store.put("o:n", b"")
        with writing(store):
            os.kill(first, signal.SIGKILL)
            wait_until_replaced(shared, first)
        for address in shared.addresses:
            with suspended(second), pannier.connect(address, timeout=SECONDS) as other:
                other.put("o:other", b"")
    assert shared.stop() == 0


@contextmanager
def writing(store: pannier.Store) -> Iterator[None]:
    """Write all the while, and raise where a write fails."""
    done = Event()

    def write() -> int:
        written = 0
        while not done.is_set() or not written:
            store.put("o:n", b"")
            written += 1
        return written

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        try:
            yield
        finally:
            done.set()
        writer.result(SECONDS)


@pytest.mark.parametrize("index", [0, 1], ids=["unix", "tcp"])
def test_connections_that_wait_survive_the_death_of_every_worker(
    shared: SidecarProcess, index: int
) -> None:
    killed = workers_of(shared)
    with ExitStack() as stack:
        stack.enter_context(suspended(*killed))
        waiting = stack.enter_context(connected(shared.addresses[index]))
        waiting.sendall(HTTP2_START)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        assert waiting.recv(1), "the connection was closed"
        wait_until_replaced(shared, *killed)


def test_sigterm_finishes_calls_refuses_new_connections_and_removes_the_socket(
    tmp_path: Path,
) -> None:
    with call_in_flight(tmp_path, grace="20s") as (sidecar, asked, connection):
        sidecar.process.send_signal(signal.SIGTERM)
        for address in sidecar.addresses:
            wait_until_refused(address)
        assert not asked.done()
        connection.sendall(NO_ITEM)
        with pytest.raises(pannier.NotFound):
            asked.result(SECONDS)
        assert sidecar.process.wait(SECONDS) == 0
    assert not (tmp_path / "p.sock").exists()


def test_a_second_signal_ends_workers_at_once(tmp_path: Path) -> None:
    with call_in_flight(tmp_path, grace="600s") as (sidecar, asked, _):
        sidecar.process.send_signal(signal.SIGTERM)
        # Only when every worker drains has nobody the port open any more.
        wait_until_refused(sidecar.addresses[1])
        sidecar.process.send_signal(signal.SIGTERM)
        assert sidecar.process.wait(SECONDS) == 128 + signal.SIGTERM
        with pytest.raises(pannier.Unavailable):
            asked.result(SECONDS)
    assert not (tmp_path / "p.sock").exists()


# RFC 9113, section 3.4: the preface, and settings that change nothing.
HTTP2_START = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
NO_ITEM = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n\r\n{}"
)


@contextmanager
def call_in_flight(
    tmp_path: Path, *, grace: str
) -> Iterator[tuple[SidecarProcess, Future[pannier.Record], socket.socket]]:
    """Yield two workers, a Get that waits for their store, and the store's end of it."""
    hole = socket.create_server(("127.0.0.1", 0))
    store_url = f"dynamodb://t_t?region=us-east-1&endpoint=http://127.0.0.1:{hole.getsockname()[1]}"
    with (
        hole,
        sidecar_process(store_url, f"--grace={grace}", *h2_workers(tmp_path)) as sidecar,
        pannier.connect(sidecar.address, retries=ONCE) as store,
        ThreadPoolExecutor(1) as pool,
    ):
        asked = pool.submit(store.get, "o:n")
        with wait_for_request(hole, b"GetItem") as connection:
            yield sidecar, asked, connection


@contextmanager
def connected(address: str) -> Iterator[socket.socket]:
    family = socket.AF_UNIX if address.startswith("unix:") else socket.AF_INET
    host, _, port = address.rpartition(":")
    with socket.socket(family) as sock:
        sock.settimeout(SECONDS)
        sock.connect(port if family == socket.AF_UNIX else (host, int(port)))
        yield sock


def wait_until_refused(address: str) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            with connected(address):
                os.sched_yield()
        except (ConnectionRefusedError, FileNotFoundError):
            return
        except ConnectionResetError:
            # It was closed just as we came.
            continue
    raise AssertionError(f"{address} still takes connections")


@contextmanager
def wait_for_request(hole: socket.socket, operation: bytes) -> Iterator[socket.socket]:
    """Accept connections and answer nothing, until one brings a request; yield that one."""
    hole.settimeout(SECONDS)
    with ExitStack() as stack:
        while True:
            connection = stack.enter_context(hole.accept()[0])
            if operation in connection.recv(65_536):
                break
        yield connection


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_workers_share_a_port_and_one_that_dies_is_replaced(store_url: str, transport: str) -> None:
    with sidecar_process(store_url, "--workers=2", f"--transport={transport}") as sidecar:
        with pannier.connect(sidecar.address) as store:
            assert store.put("o:n", b"").version == 1
        first, _ = workers_of(sidecar)
        os.kill(first, signal.SIGKILL)
        wait_until_replaced(sidecar, first)
        with pannier.connect(sidecar.address) as store:
            assert store.put("o:n", b"").version == 2
        assert sidecar.stop() == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_stop_right_after_a_worker_died_ends_them_all(store_url: str, transport: str) -> None:
    with sidecar_process(store_url, "--workers=2", f"--transport={transport}") as sidecar:
        first, _ = workers_of(sidecar)
        os.kill(first, signal.SIGKILL)
        assert sidecar.stop() == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_workers_drain_when_their_parent_is_gone(store_url: str, transport: str) -> None:
    with sidecar_process(store_url, "--workers=2", f"--transport={transport}") as sidecar:
        orphans = workers_of(sidecar)
        sidecar.kill()
        deadline = time.monotonic() + SECONDS
        while any(Path(f"/proc/{pid}").exists() for pid in orphans):
            assert time.monotonic() < deadline
            os.sched_yield()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_signal_that_comes_while_a_worker_is_being_made_reaches_it(
    store_url: str, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    listen = (TcpAddress("127.0.0.1", free_port()),)
    workers = _Workers(Settings(store=store_url, listen=listen, transport=transport))
    create = asyncio.create_subprocess_exec

    async def signal_before_it_is_known(
        *command: str, **options: Any
    ) -> asyncio.subprocess.Process:
        process = await create(*command, **options)
        workers._stop()
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", signal_before_it_is_known)
    assert await workers.run() == 0


async def test_a_stop_does_not_wait_until_another_start_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The worker served once, and then cannot start any more."""
    monkeypatch.setattr(supervisor, "_FIRST_PAUSE", 3600.0)
    monkeypatch.setattr(supervisor, "_LONGEST_PAUSE", 3600.0)
    workers = _Workers(Settings(workers=1))
    starts = 0

    async def end_at_once() -> tuple[bool, int]:
        nonlocal starts
        starts += 1
        if starts == 2:
            asyncio.get_running_loop().call_soon(workers._stop)
        return starts == 1, 1

    monkeypatch.setattr(workers, "_run_worker", end_at_once)

    assert await asyncio.wait_for(workers.run(), SECONDS) == 0
    assert starts == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_workers_start_ends_them_without_a_word(
    store_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "pannier_server", "serve", f"--store={store_url}"]
    starting = subprocess.Popen([*command, *h2_workers(tmp_path)], stderr=subprocess.PIPE)
    with starting:
        while sum(map(catches_interrupts, children_of(starting.pid))) < 2:
            os.sched_yield()
        starting.send_signal(number)
        _, errors = starting.communicate(timeout=SECONDS)
    assert starting.returncode == 0
    assert errors == b""
    assert not (tmp_path / "p.sock").exists()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_workers_serve_clients_over_tls(store_url: str, tmp_path: Path, transport: str) -> None:
    certificates = Certificates(tmp_path)
    flags = (
        *("--workers=2", f"--transport={transport}", f"--tls-cert={certificates.cert}"),
        *(f"--tls-key={certificates.key}", f"--tls-client-ca={certificates.client_ca}"),
    )
    with sidecar_process(store_url, *flags) as sidecar:
        for worker in workers_of(sidecar):
            others = [pid for pid in workers_of(sidecar) if pid != worker]
            # Connections to a port of its own wait for the worker that they were dealt to.
            with suspended(*(others if transport == "h2" else ())):
                credentials = certificates.client()
                with pannier.connect(sidecar.address, credentials=credentials) as store:
                    assert store.put("o:n", b"").version >= 1


def test_wrong_tls_files_are_said_once_before_any_worker_starts(tmp_path: Path) -> None:
    absent = tmp_path / "absent.pem"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pannier_server", "serve", "--store=sqlite:///absent/p.db"),
            *("--listen=127.0.0.1:0", "--workers=2"),
            *(f"--tls-cert={absent}", f"--tls-key={absent}"),
        ],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr == (
        f"pannier: --tls-cert: cannot read {absent}: No such file or directory; name a PEM file "
        "that this user can read\n"
    )
