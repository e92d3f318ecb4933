"""One connection and its exchanges: what is reused, what is noticed, what is limited."""

import asyncio
import socket
from zlib import crc32

import pytest

from pannier_server.backends.dynamodb.wire.errors import AttemptFailed
from pannier_server.backends.dynamodb.wire.pool import Pool
from pannier_server.backends.errors import DeadlineExceeded, StoreUnavailable, WriteOutcome
from tests.dynamodb.wire.calling import until
from tests.dynamodb.wire.conftest import Connect
from tests.dynamodb.wire.http_server import (
    Server,
    Step,
    answer,
    hang_up,
    http,
    raw,
    reset,
    trickle,
    wait_for,
)

BODY = b'{"Item":{"PK":{"S":"a"}}}'
WHOLE = http(200, BODY, x_amz_crc32=str(crc32(BODY)))
WRONG_SUM = http(200, BODY, x_amz_crc32="1")


async def test_requests_in_turn_share_one_connection(server: Server, connect: Connect) -> None:
    caller = await connect(server.url)
    server.otherwise = answer(BODY)
    assert [await caller.read() for _ in range(5)] == [BODY] * 5
    assert server.connections == 1
    assert caller.client.stats.requests == 5
    assert caller.client.stats.connections_opened == 1


async def test_a_request_is_what_dynamodb_expects(server: Server, connect: Connect) -> None:
    caller = await connect(server.url)
    await caller.read(body=b'{"TableName":"t"}')
    request = server.requests[0]
    assert (request.method, request.target, request.body) == ("POST", "/", b'{"TableName":"t"}')
    assert request.headers["host"] == f"127.0.0.1:{server.port}"
    assert request.headers["content-type"] == "application/x-amz-json-1.0"
    assert request.headers["x-amz-target"] == "DynamoDB_20120810.GetItem"


async def test_a_large_body_arrives_whole_both_ways(server: Server, connect: Connect) -> None:
    caller = await connect(server.url)
    large = b"{" + b"x" * 3_000_000
    server.then(answer(large))
    assert await caller.read(body=large) == large
    assert server.requests[0].body == large


async def test_chunked_answers_are_put_together(server: Server, connect: Connect) -> None:
    caller = await connect(server.url)
    server.then(
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n2\r\n 1\r\n0\r\n\r\n")
    )
    assert await caller.read() == b"{ 1"
    await caller.read()
    assert server.connections == 1


async def test_a_body_without_length_ends_with_the_connection(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url)
    server.then(hang_up(b"HTTP/1.1 200 OK\r\n\r\n" + BODY))
    assert await caller.read() == BODY
    await caller.read()
    assert server.connections == 2


async def test_interim_answers_are_skipped(server: Server, connect: Connect) -> None:
    caller = await connect(server.url)
    server.then(raw(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + WHOLE))
    assert await caller.read() == BODY


async def test_a_connection_that_the_server_closes_is_not_used_again(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url)
    server.then(answer(connection="close"))
    await caller.read()
    await caller.read()
    assert [request.connection for request in server.requests] == [1, 2]


async def test_an_idle_connection_that_the_server_closed_is_replaced(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url)
    server.then(hang_up(WHOLE))
    await caller.read()
    (idle,) = caller.client._pool._idle
    await until(lambda: not idle.usable)
    await caller.write_once()
    assert [request.connection for request in server.requests] == [1, 2]


async def test_a_request_that_dies_on_a_reused_connection_goes_out_on_a_new_one(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url)
    server.then(answer(), hang_up(), answer(BODY))
    await caller.read()
    assert await caller.read() == BODY
    assert [request.connection for request in server.requests] == [1, 1, 2]


async def test_after_one_dead_connection_the_other_idle_ones_are_not_tried(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url)
    await asyncio.gather(caller.read(), caller.read())
    assert server.connections == 2
    server.then(hang_up(), answer(BODY))
    assert await caller.read() == BODY
    assert server.requests[-1].connection == 3


async def test_a_failed_exchange_tells_what_is_known_of_it(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url)
    server.then(answer(), hang_up(), hang_up(WHOLE[:20]), wait_for(asyncio.Event(), answer()))
    known: list[AttemptFailed] = []
    for _ in range(3):
        if not known:
            await caller.read()
        known.append(await failed_exchange(caller.client._pool))
    assert [failed.reused for failed in known] == [True, False, False]
    assert [failed.answer_started for failed in known] == [False, True, False]
    assert [failed.timed_out for failed in known] == [False, False, True]
    assert all(failed.maybe_applied for failed in known)


async def failed_exchange(pool: Pool) -> AttemptFailed:
    until = asyncio.get_running_loop().time() + 0.2
    connection = await pool.acquire(until)
    with pytest.raises(AttemptFailed) as raised:
        await connection.exchange(b"POST / HTTP/1.1\r\nhost: h\r\n\r\n", until)
    pool.discard(connection)
    return raised.value


async def test_a_request_on_a_closed_connection_was_not_sent(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url)
    until = asyncio.get_running_loop().time() + 5
    connection = await caller.client._pool.acquire(until)
    connection.abort()
    with pytest.raises(AttemptFailed, match="before the request was sent") as raised:
        await connection.exchange(b"", until)
    assert not raised.value.maybe_applied
    caller.client._pool.discard(connection)


async def test_a_success_that_is_no_json_is_not_dynamodbs(server: Server, connect: Connect) -> None:
    caller = await connect(server.url)
    server.then(answer(b"<html>Welcome</html>"))
    with pytest.raises(StoreUnavailable, match="no JSON") as raised:
        await caller.write()
    assert raised.value.write_outcome is WriteOutcome.UNKNOWN
    assert len(server.requests) == 1


async def test_data_that_no_one_asked_for_ends_the_connection(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url)
    server.then(raw(WHOLE + WHOLE), answer(b'{"second":1}'))
    assert await caller.read() == BODY
    assert await caller.read() == b'{"second":1}'
    assert [request.connection for request in server.requests] == [1, 2]


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (hang_up(), "closed before an answer came"),
        (reset(), "before an answer came"),
        (hang_up(WHOLE[:20]), "closed in the middle of the answer"),
        (reset(WHOLE[:20]), "in the middle of the answer"),
        (hang_up(WHOLE[:-1]), "closed in the middle of the answer"),
        (reset(WHOLE[:-1]), "in the middle of the answer"),
        (raw(WRONG_SUM), "checksum"),
        (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), "no HTTP"),
        (raw(b"HTTP/1.1 200 OK\r\nx: " + b"x" * 70_000), "head has more than 65,536 bytes"),
        (raw(http(200, b"{" + b"x" * 5000)), "more than 4,000 bytes"),
    ],
)
async def test_half_an_answer_is_none(
    server: Server, connect: Connect, broken: Step, problem: str
) -> None:
    caller = await connect(server.url, max_answer_bytes=4000)
    server.then(broken)
    with pytest.raises(StoreUnavailable, match=problem) as raised:
        await caller.write_once()
    assert raised.value.write_outcome is WriteOutcome.UNKNOWN
    assert str(server.port) in raised.value.message
    server.otherwise = answer(BODY)
    assert await caller.read() == BODY


@pytest.mark.parametrize("broken", [hang_up(WHOLE[:-1]), raw(WRONG_SUM), reset(WHOLE[:20])])
async def test_half_an_answer_to_a_read_is_asked_for_again(
    server: Server, connect: Connect, broken: Step
) -> None:
    caller = await connect(server.url)
    server.then(broken, answer(BODY))
    assert await caller.read() == BODY
    assert caller.client.stats.retries == 1


async def test_an_answer_that_trickles_past_the_deadline_is_given_up(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url)
    server.then(trickle(WHOLE, pause=0.02))
    with pytest.raises(DeadlineExceeded, match="deadline") as raised:
        await caller.write(seconds=0.2)
    assert raised.value.write_outcome is WriteOutcome.UNKNOWN
    await server.until_ended(1)


async def test_a_silent_connection_is_given_up_for_another_one(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url, attempt_timeout=0.1)
    server.then(answer(), wait_for(asyncio.Event(), answer()), answer(BODY))
    await caller.read()
    assert await caller.read() == BODY
    assert [request.connection for request in server.requests] == [1, 1, 2]


async def test_a_write_that_must_not_be_repeated_waits_until_its_deadline(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url, attempt_timeout=0.05)
    server.then(wait_for(asyncio.Event(), answer()))
    with pytest.raises(DeadlineExceeded) as raised:
        await caller.write_once(seconds=0.3)
    assert raised.value.write_outcome is WriteOutcome.UNKNOWN
    assert len(server.requests) == 1


async def test_a_cancelled_call_closes_its_connection_and_frees_its_place(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url, max_connections=1)
    server.then(wait_for(asyncio.Event(), answer()))
    call = asyncio.create_task(caller.read())
    await server.arrived.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await server.until_ended(1)
    server.otherwise = answer(BODY)
    assert await caller.read(seconds=2) == BODY


async def test_a_call_whose_deadline_has_passed_sends_nothing(
    server: Server, connect: Connect
) -> None:
    caller = await connect(server.url)
    with pytest.raises(DeadlineExceeded) as raised:
        await caller.write(seconds=0)
    assert raised.value.write_outcome is WriteOutcome.NOT_APPLIED
    assert server.connections == 0


async def test_small_packets_are_not_held_back(server: Server, connect: Connect) -> None:
    caller = await connect(server.url)
    pool: Pool = caller.client._pool
    loop = asyncio.get_running_loop()
    connection = await pool.acquire(loop.time() + 5)
    assert connection._transport is not None
    connected = connection._transport.get_extra_info("socket")
    assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    pool.release(connection)


async def test_a_closed_client_says_so(server: Server, connect: Connect) -> None:
    caller = await connect(server.url)
    await caller.read()
    await caller.client.close()
    await server.until_ended(1)
    with pytest.raises(StoreUnavailable, match="stopping"):
        await caller.read()


async def test_calls_under_way_end_when_the_client_closes(server: Server, connect: Connect) -> None:
    caller = await connect(server.url)
    server.then(wait_for(asyncio.Event(), answer()))
    call = asyncio.create_task(caller.write())
    await server.arrived.wait()
    await caller.client.close()
    with pytest.raises(StoreUnavailable) as raised:
        await call
    assert raised.value.write_outcome is WriteOutcome.UNKNOWN
