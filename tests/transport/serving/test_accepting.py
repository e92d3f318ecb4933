"""Listening sockets: Unix and IPv6 ones, shared ones, and what becomes of them in want."""

import asyncio
import errno
import os
import socket
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest

from bench.attacks import frames
from pannier_server.transport.h2.serving.acceptor import Pace
from tests.transport.serving.client import connected
from tests.transport.serving.servers import SECONDS, path, serving, turns, unary, until

# A server on a socket that it inherits; it prints a line, and ends with its input.
WORKER = """
import asyncio, socket, sys
from pannier_server.transport.h2 import Server

async def serve():
    server = Server(share_sockets=True)
    await server.start([socket.socket(fileno=int(sys.argv[1]))])
    print("listening", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(server.meters.connections_opened)
    await server.stop(0)

asyncio.run(serve())
"""


async def peer(_request: bytes, context: Any) -> bytes:
    found: str = context.peer()
    return found.encode()


async def test_a_unix_socket_is_served(tmp_path: Path) -> None:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "socket"))
    listening.listen()
    async with (
        serving({"Peer": unary(peer)}, sock=listening),
        grpc.aio.insecure_channel(f"unix:{tmp_path}/socket") as channel,
    ):
        call: Any = channel.unary_unary(path("Peer"))
        assert await call(b"", timeout=SECONDS) == b"unix:"
    # The file is its maker's to remove.
    assert (tmp_path / "socket").exists()


async def test_an_ipv6_socket_is_served() -> None:
    try:
        listening = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    port = listening.getsockname()[1]
    async with (
        serving({"Peer": unary(peer)}, sock=listening),
        grpc.aio.insecure_channel(f"[::1]:{port}") as channel,
    ):
        call: Any = channel.unary_unary(path("Peer"))
        assert (await call(b"", timeout=SECONDS)).startswith(b"ipv6:[::1]:")


async def test_answers_are_sent_without_waiting_for_more_to_send() -> None:
    """TCP_NODELAY is on: a call that waits is answered in microseconds, not after 40 ms."""
    async with serving() as at, connected(at.port) as client:
        await client.round_trip()
        transport = at.protocol._transport
        assert transport is not None
        sock = transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_the_queue_of_the_socket_stays_as_long_as_its_maker_wants() -> None:
    """The event loops' own servers would make it 100 long."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=3)
    async with serving(sock=listening) as at:
        async with connected(at.port) as client:
            await client.round_trip()
        assert _backlog(at.port) == 3


def _backlog(port: int) -> int:
    """Return how many connections may wait at a listening socket."""
    import subprocess

    command = ["ss", "-Hltn", f"sport = :{port}"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("ss is not installed")
    return int(found.split()[2])


async def test_processes_that_share_a_socket_all_get_connections() -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    port = listening.getsockname()[1]
    os.set_inheritable(listening.fileno(), True)
    workers = [await _worker(listening.fileno()) for _ in range(2)]
    try:
        async with asyncio.timeout(SECONDS), AsyncExitStack() as stack:
            for worker in workers:
                assert worker.stdout is not None
                assert await worker.stdout.readline() == b"listening\n"
            # Many at once: a worker that is woken up takes one, and leaves the rest to others.
            # More than once, because a busy machine may let one of them sleep through it.
            for _ in range(5):
                clients = await asyncio.gather(
                    *(stack.enter_async_context(connected(port)) for _ in range(40))
                )
                for client in clients:
                    await client.round_trip()
            served = [int((await worker.communicate(b""))[0]) for worker in workers]
        assert sum(served) == 200
        assert min(served) >= 5
    finally:
        listening.close()
        for worker in workers:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()


async def _worker(descriptor: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WORKER, str(descriptor)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        pass_fds=(descriptor,),
    )


async def test_running_out_of_descriptors_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Those that wait are served once there are descriptors again; the log says it once."""
    failures = 0

    class Starving(socket.socket):
        def accept(self) -> Any:
            nonlocal failures
            if failures < 3:
                failures += 1
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            return super().accept()

    monkeypatch.setattr("pannier_server.transport.h2.serving.acceptor._PAUSE_SECONDS", 0.001)
    listening = Starving(socket.AF_INET, socket.SOCK_STREAM)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    async with serving(sock=listening) as at:
        async with connected(at.port) as client, connected(at.port) as other:
            for each in (client, other):
                assert (await each.answer(each.call())).messages == [b"hello"]
        await until(lambda: at.meters.connections == 0)
    assert failures == 3
    assert caplog.text.count("cannot accept connections: Too many open files") == 1


async def test_a_server_may_stop_while_it_is_out_of_descriptors() -> None:
    class Starved(socket.socket):
        def accept(self) -> Any:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    listening = Starved(socket.AF_INET, socket.SOCK_STREAM)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    async with serving(sock=listening) as at:
        async with connected(at.port) as client:
            client.call()
            await asyncio.sleep(0.01)
            await at.server.stop(0.0)
        # Longer than it waits before it would accept again.
        await asyncio.sleep(0.15)
        assert listening.fileno() == -1


async def test_clients_that_leave_before_they_are_accepted_harm_nobody() -> None:
    async with serving() as at:
        for _ in range(50):
            with socket.create_connection(("127.0.0.1", at.port)) as leaving:
                leaving.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, (1).to_bytes(4, sys.byteorder) + bytes(4)
                )
        async with connected(at.port) as client:
            assert (await client.answer(client.call())).messages == [b"hello"]
        await until(lambda: at.meters.connections == 0)


async def test_a_flood_of_connections_does_not_hold_up_a_call() -> None:
    """Few are taken in a turn: another client's call comes in between."""
    async with serving() as at, connected(at.port) as client, AsyncExitStack() as stack:
        await client.round_trip()
        before = at.meters.connections_opened
        for _ in range(200):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", at.port))
        client.send(frames.ping())
        stream = client.call()
        assert (await client.answer(stream)).messages == [b"hello"]
        assert at.meters.connections_opened - before < 200
        await until(lambda: at.meters.connections_opened - before == 200)


def test_connections_come_at_once_up_to_a_burst_and_then_at_a_pace() -> None:
    pace = Pace(100, 1_000.0)
    for _ in range(99):
        pace.take(5.0, 1)
        assert pace.pause == 0.0
    pace.take(5.0, 1)
    # Ten may come after it.
    assert pace.pause == pytest.approx(0.010)
    pace.take(5.010, 1)
    assert pace.pause == 0.0


def test_a_pace_that_is_not_kept_to_is_paid_for_later() -> None:
    pace = Pace(10, 100.0)
    pace.take(5.0, 30)
    assert pace.pause == pytest.approx(0.3)


def test_a_burst_comes_back_with_time_but_no_more_than_that() -> None:
    pace = Pace(10, 100.0)
    pace.take(5.0, 10)
    pace.take(1_000.0, 9)
    assert pace.pause == 0.0
    pace.take(1_000.0, 1)
    assert pace.pause > 0.0


async def test_a_rush_of_connections_is_served_at_the_pace() -> None:
    async with (
        serving(connection_burst=3, connections_per_second=500.0) as at,
        AsyncExitStack() as stack,
    ):
        clients = [await stack.enter_async_context(connected(at.port)) for _ in range(40)]
        for client in clients:
            assert (await client.answer(client.call())).messages == [b"hello"]


async def test_a_client_that_has_left_costs_no_connection() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    for _ in range(40):
        socket.create_connection(listening.getsockname()).close()
    async with serving(sock=listening) as at:
        await until(lambda: at.meters.connections_gone == 40)
        assert at.meters.connections_opened == 0
        async with connected(at.port) as client:
            assert (await client.answer(client.call())).messages == [b"hello"]


async def test_connections_that_end_in_an_error_slow_down_those_that_follow() -> None:
    async with serving(connection_burst=9, connections_per_second=0.001) as at:
        for number in range(1, 4):
            _, writer = await asyncio.open_connection("127.0.0.1", at.port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await until(lambda number=number: at.meters.connection_errors == number)  # type: ignore[misc]
            writer.close()
        # Three connections and twice three errors, of which the last are counted with the next.
        _, writer = await asyncio.open_connection("127.0.0.1", at.port)
        await until(lambda: at.meters.connections_opened == 4)
        _, late = await asyncio.open_connection("127.0.0.1", at.port)
        await turns(50)
        assert at.meters.connections_opened == 4
        for each in (writer, late):
            each.close()
