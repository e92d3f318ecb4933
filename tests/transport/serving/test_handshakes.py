"""Connections come: how many there may be, and how long each may take to say who it is."""

import pytest

from bench.attacks import frames
from bench.attacks.frames import ErrorCode, FrameType
from tests.transport.serving.client import connected, goaways
from tests.transport.serving.servers import (
    serving,
    until,
)


async def test_connections_above_the_limit_are_closed_at_once_and_others_stay() -> None:
    async with (
        serving(max_connections=2) as at,
        connected(at.port) as first,
        connected(at.port) as second,
    ):
        for client in (first, second):
            await client.round_trip()
        for _ in range(5):
            async with connected(at.port) as refused:
                assert await refused.until_closed() == []
        assert at.meters.connections == 2
        assert (at.meters.connections_opened, at.meters.connections_refused) == (7, 5)
        assert (await first.answer(first.call())).messages == [b"hello"]
        second.close()
        await until(lambda: at.meters.connections == 1)
        async with connected(at.port) as third:
            assert (await third.answer(third.call())).messages == [b"hello"]


@pytest.mark.parametrize("sent", [b"", frames.PREFACE[:12], frames.PREFACE], ids=len)
async def test_a_client_that_does_not_introduce_itself_is_closed(sent: bytes) -> None:
    async with serving(handshake_timeout=3.0) as at, connected(at.port, greets=False) as client:
        client.send(sent)
        await client.until(FrameType.SETTINGS)
        time = at.time()
        time.pass_(3)
        assert at.meters.handshakes_timed_out == 0
        time.look()
        await client.until_closed()
        assert at.meters.handshakes_timed_out == 1
        await until(lambda: at.meters.connections == 0)


async def test_a_client_that_has_introduced_itself_may_be_silent() -> None:
    async with serving(handshake_timeout=1.0, keepalive_time=0.0) as at:
        async with connected(at.port) as client:
            await client.round_trip()
            at.time().pass_(1_000)
            assert (await client.answer(client.call())).messages == [b"hello"]
        assert at.meters.handshakes_timed_out == 0


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"\0"])
async def test_a_client_of_another_protocol_is_closed(sent: bytes) -> None:
    async with serving() as at, connected(at.port, greets=False) as client:
        client.send(sent)
        found = goaways(await client.until_closed())
        assert found == [(0, ErrorCode.PROTOCOL_ERROR)]
        assert at.meters.handshakes_failed == 1
