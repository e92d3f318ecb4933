"""A process that is stopped for a while, or a machine that is paused, finds another world."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from pannier_server.backends.dynamodb.wire.connection import Connection
from pannier_server.backends.dynamodb.wire.pool import Pool
from pannier_server.backends.dynamodb.wire.settings import Stats, WireSettings
from tests.dynamodb.wire import one_exchange

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A server without an event loop: what it does has happened at once."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


class Clocks:
    """A pool's clocks, and connections to a server for it."""

    def __init__(self, server: socket.socket) -> None:
        self.steady = 1000.0
        self.wall = 1_700_000_000.0
        self._server = server
        self.pool = Pool(
            self, WireSettings(), Stats(), clock=lambda: self.steady, wall_clock=lambda: self.wall
        )

    async def connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        address = self._server.getsockname()
        return (await loop.create_connection(lambda: Connection(loop, 1000), *address))[1]

    async def rested(self) -> tuple[Connection, socket.socket]:
        """Return an idle connection, and the server's end of it."""
        connection = await self.pool.acquire(asyncio.get_running_loop().time() + 10)
        accepted, _ = self._server.accept()
        self.pool.release(connection)
        return connection, accepted


@pytest.fixture
async def clocks(listening: socket.socket) -> AsyncIterator[Clocks]:
    made = Clocks(listening)
    yield made
    made.pool.close()
    await asyncio.sleep(0)


async def test_a_connection_that_was_closed_is_not_used_although_the_loop_does_not_know(
    clocks: Clocks,
) -> None:
    _, accepted = await clocks.rested()
    accepted.close()
    clocks.steady += 1
    assert clocks.pool.take() is None


async def test_a_connection_that_is_open_is_used_after_a_rest(clocks: Clocks) -> None:
    connection, accepted = await clocks.rested()
    with accepted:
        clocks.steady += 1
        assert clocks.pool.take() is connection


async def test_a_rest_that_only_the_wall_clock_saw_counts(clocks: Clocks) -> None:
    _, accepted = await clocks.rested()
    with accepted:
        clocks.wall += 31
        assert clocks.pool.take() is None


async def test_a_wall_clock_that_is_set_back_changes_nothing(clocks: Clocks) -> None:
    connection, accepted = await clocks.rested()
    with accepted:
        clocks.wall -= 86_400
        assert clocks.pool.take() is connection


@pytest.mark.parametrize(("answer", "printed"), [(ANSWER, "{}"), (b"", "timed out")])
def test_an_answer_that_came_while_the_process_stood_still_is_taken(
    listening: socket.socket, answer: bytes, printed: str
) -> None:
    command = [sys.executable, "-m", one_exchange.__name__, str(listening.getsockname()[1])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asking:
        accepted, _ = listening.accept()
        with accepted:
            accepted.recv(1)
            asking.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, asking.pid, os.WSTOPPED)
            accepted.sendall(answer)
            time.sleep(3 * one_exchange.SECONDS)
            asking.send_signal(signal.SIGCONT)
            assert asking.communicate()[0] == f"{printed}\n"
