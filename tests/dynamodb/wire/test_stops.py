"""A process that is stopped for a while, or a machine that is paused, finds another world."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from pannier_server.backends.dynamodb.wire.connection import Answer, Connection
from pannier_server.backends.dynamodb.wire.errors import AttemptFailed
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


class LateLoop:
    """A loop whose clock and timers are the test's."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[Callable[[], None]] = []

    def time(self) -> float:
        return self.now

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().create_future()

    def call_at(self, _when: float, callback: Callable[[], None]) -> asyncio.Handle:
        self._due.append(callback)
        return asyncio.Handle(callback, (), asyncio.get_running_loop())

    def fire(self, now: float) -> None:
        """Come to the timer that is set, at a time of the clock."""
        self.now = now
        self._due.pop()()


class Mute(asyncio.Transport):
    """The transport of a server that is silent."""

    def write(self, data: object) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def abort(self) -> None:
        pass


def asking() -> tuple[LateLoop, Connection, "asyncio.Future[Answer]"]:
    """Return a connection that has until 0.3 for its answer."""
    loop: Any = LateLoop()
    connection = Connection(loop, 1000)
    connection.connection_made(Mute())
    return loop, connection, connection.exchange(b"?", 0.3)


async def test_a_timer_that_is_late_lets_what_came_meanwhile_be_read_first() -> None:
    loop, connection, answer = asking()
    loop.fire(now=100.0)
    connection.data_received(ANSWER)
    assert (await answer).body == b"{}"


async def test_where_nothing_came_meanwhile_it_is_over_a_moment_later() -> None:
    loop, _, answer = asking()
    loop.fire(now=100.0)
    loop.fire(now=100.1)
    with pytest.raises(AttemptFailed, match="no answer came in time"):
        await answer


async def test_a_timer_that_is_in_time_ends_the_wait() -> None:
    loop, _, answer = asking()
    loop.fire(now=0.31)
    with pytest.raises(AttemptFailed, match="no answer came in time"):
        await answer
