"""Whole connections of a server, with clients that make mistakes, leave, or do not read."""

import asyncio
import gc
import logging
import random
import time
from typing import Any

import uvloop

from pannier_server.transport.h2.serving.host import Host
from pannier_server.transport.h2.serving.sweep import ConnectionAge
from tests.transport.fuzz.conversation import Client, cut, mutated
from tests.transport.fuzz.methods import METHODS
from tests.transport.http2.served import Served, host_of

LIMITS: list[dict[str, Any]] = [
    {},
    {"turn_budget": 3, "abuse_allowance": 20},
    {"max_concurrent_streams": 3, "max_message_bytes": 5_000, "max_decompressed_bytes": 5_000},
    {"stream_window": 10_000, "connection_window": 65_535, "write_buffer_bytes": 20_000},
    {"max_held_bytes_per_connection": 20_000, "max_held_bytes": 30_000},
    {"request_timeout": 2.0, "stall_timeout": 2.0, "keepalive_time": 2.0, "keepalive_timeout": 1.0},
    {"max_connection_age": 2.0, "max_connection_age_grace": 2.0, "max_header_list_bytes": 500},
]
_CLIENTS_AT_ONCE = 3


def fuzz_connections(seconds: float, seed: int) -> int:
    """Serve mutated conversations for some ``seconds``, and return how many.

    Odd seeds run them on uvloop, even ones on the event loop of asyncio.

    Raises:
        AssertionError: Something is left of a connection, or an exception was not handled.
    """
    rnd = random.Random(seed)
    until = time.monotonic() + seconds
    logging.disable(logging.ERROR)
    try:
        loop_factory = uvloop.new_event_loop if seed % 2 else None
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(_serve_until(until, rnd))
    finally:
        logging.disable(logging.NOTSET)


async def _serve_until(until: float, rnd: random.Random) -> int:
    problems: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))
    served = 0
    while time.monotonic() < until:
        limits = rnd.choice(LIMITS)
        host = host_of(METHODS, **limits)
        clients = rnd.randrange(1, _CLIENTS_AT_ONCE + 1)
        await asyncio.gather(*(_serve(host, random.Random(rnd.random())) for _ in range(clients)))
        served += clients
        if served % 50 < clients:
            # What was destroyed while it was pending is told of by the collector.
            gc.collect()
        assert not problems, problems[0].get("exception") or problems[0]["message"]
        _assert_nothing_is_left(host)
    return served


async def _serve(host: Host, rnd: random.Random) -> None:
    """Serve one client to its end."""
    sent = Client(rnd).conversation()
    is_valid = rnd.random() < 0.1
    if not is_valid:
        sent = mutated(rnd, sent)
    served = Served(host, reads=rnd.random() < 0.7)
    age = ConnectionAge(served.protocol, now=0.0)
    seconds = 0.0
    for piece in cut(rnd, b"".join(sent)):
        served.send(piece)
        for _ in range(rnd.choice([0, 0, 1, 5])):
            await asyncio.sleep(0)
        if rnd.random() < 0.1:
            seconds += rnd.choice([0.5, 1.5])
            _disturb(served, age, seconds, rnd)
        _assert_bounded(served)
    await served.settle()
    if rnd.random() < 0.3:
        _let_pass(served, age, seconds)
        await served.settle()
    _assert_bounded(served)
    await _end(served, rnd)


def _disturb(served: Served, age: ConnectionAge, seconds: float, rnd: random.Random) -> None:
    """Do what happens to a connection beside what its client sends."""
    choice = rnd.random()
    if choice < 0.3:
        served.read_on()
    elif served.is_over or served.is_closing():
        return
    elif choice < 0.8:
        age.look(seconds)
    elif choice < 0.87:
        served.protocol.retire()
    elif choice < 0.94:
        served.protocol.drain()
    elif choice < 0.97:
        served.protocol.close()
    else:
        served.leave()


def _let_pass(served: Served, age: ConnectionAge, seconds: float) -> None:
    """Let some seconds pass in which nobody does anything."""
    for passed in range(6):
        if not served.is_closing():
            age.look(seconds + passed)


async def _end(served: Served, rnd: random.Random) -> None:
    """Let the client leave, and wait until its calls have heard of it."""
    if rnd.random() < 0.5:
        served.read_on()
        await served.settle()
    served.leave()
    await served.settle()
    connection = served.protocol.connection
    assert served.is_over
    assert connection.closed
    assert not connection.streams
    assert not connection.cut
    assert connection.lingering == 0, f"{connection.lingering} handlers linger"
    assert connection.outbox.unsent_bytes == 0
    assert served.protocol.share.held_bytes == 0


def _assert_bounded(served: Served) -> None:
    protocol = served.protocol
    connection, limits = protocol.connection, protocol.limits
    assert len(connection.streams) <= limits.max_concurrent_streams
    assert len(connection._partial) < limits.max_frame_bytes + 9
    assert len(connection._resets) <= 512
    assert len(connection._gaps) <= 16
    assert connection.outbox.window >= 0
    unsent = sum(stream.unsent_bytes for stream in connection.streams.values())
    assert connection.outbox.unsent_bytes == unsent
    # The call that exceeds the limit is the one that is ended.
    most = limits.max_held_bytes_per_connection
    assert 0 <= protocol.share.held_bytes <= most
    assert 0 <= protocol.meters.held_bytes <= limits.max_held_bytes


def _assert_nothing_is_left(host: Host) -> None:
    meters = host.meters
    gauges = (meters.connections, meters.running, meters.held_bytes)
    assert gauges == (0, 0, 0), f"connections, running handlers, held bytes: {gauges}"
    assert not host.held._holders
    assert not host.protocols
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    assert not tasks, f"tasks are left: {tasks}"
