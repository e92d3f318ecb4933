"""grpcio's client finds what the contract promises, where grpc-go's client does not look."""

import asyncio
import time
from collections.abc import AsyncIterator

import grpc
import pytest

from tests.transport.interop import contract as interop
from tests.transport.interop.contract import Stub
from tests.transport.interop.processes import InteropServer
from tests.transport.interop.service import ECHO_INITIAL, ECHO_TRAILING

SECONDS = 30
LARGE = interop.SimpleRequest(response_size=314_159, payload=interop.Payload(body=bytes(271_828)))


@pytest.fixture
async def channel(interop_server: InteropServer) -> AsyncIterator[grpc.aio.Channel]:
    async with interop_server.channel() as channel:
        yield channel


@pytest.fixture
def stub(channel: grpc.aio.Channel) -> Stub:
    return Stub(channel)


async def test_half_duplex_answers_after_the_last_request(stub: Stub) -> None:
    call = stub.HalfDuplexCall(timeout=SECONDS)
    for size in (31_415, 9):
        wanted = interop.ResponseParameters(size=size)
        await call.write(interop.StreamingOutputCallRequest(response_parameters=[wanted]))
    reading = asyncio.ensure_future(call.read())
    await stub.EmptyCall(interop.Empty(), timeout=SECONDS)
    assert not reading.done()
    await call.done_writing()
    assert len((await reading).payload.body) == 31_415
    assert len((await call.read()).payload.body) == 9
    assert await call.read() is grpc.aio.EOF


async def test_a_deadline_passes_on_a_sleeping_server_that_was_reached(
    stub: Stub, channel: grpc.aio.Channel
) -> None:
    await stub.EmptyCall(interop.Empty(), timeout=SECONDS)
    started = time.monotonic()
    call = stub.FullDuplexCall(timeout=0.3)
    wanted = [interop.ResponseParameters(size=1)]
    await call.write(interop.StreamingOutputCallRequest(response_parameters=wanted))
    assert len((await call.read()).payload.body) == 1
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call.read()
    assert failure.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - started < 10
    assert channel.get_state() is grpc.ChannelConnectivity.READY
    await stub.EmptyCall(interop.Empty(), timeout=SECONDS)


async def test_a_thousand_large_calls_share_a_connection(stub: Stub) -> None:
    answers = await asyncio.gather(*(stub.UnaryCall(LARGE, timeout=SECONDS) for _ in range(1_000)))
    assert {len(answer.payload.body) for answer in answers} == {314_159}


async def test_calls_go_on_beside_one_that_nobody_reads(stub: Stub) -> None:
    wanted = [interop.ResponseParameters(size=1_000_000)] * 50
    request = interop.StreamingOutputCallRequest(response_parameters=wanted)
    unread = stub.StreamingOutputCall(request, timeout=SECONDS)
    await unread.read()
    for _ in range(20):
        await stub.UnaryCall(LARGE, timeout=SECONDS)
    for _ in range(49):
        assert len((await unread.read()).payload.body) == 1_000_000
    assert await unread.read() is grpc.aio.EOF


@pytest.mark.parametrize("size", [0, 1, 16_384, 65_535, 65_536, 3_000_000])
async def test_messages_of_every_size_go_both_ways(stub: Stub, size: int) -> None:
    request = interop.SimpleRequest(response_size=size, payload=interop.Payload(body=bytes(size)))
    assert len((await stub.UnaryCall(request, timeout=SECONDS)).payload.body) == size


@pytest.mark.parametrize("value", [b"", b"\0\xff\xab", b"\xab" * 4_000], ids=len)
async def test_binary_metadata_comes_back(stub: Stub, value: bytes) -> None:
    metadata = ((ECHO_INITIAL, "a value, with = and spaces"), (ECHO_TRAILING, value))
    call = stub.UnaryCall(
        interop.SimpleRequest(response_size=1), metadata=metadata, timeout=SECONDS
    )
    initial, trailing = await call.initial_metadata(), await call.trailing_metadata()
    assert dict(initial)[ECHO_INITIAL] == "a value, with = and spaces"
    assert dict(trailing)[ECHO_TRAILING] == value


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code.value[0]])
async def test_every_status_comes_back(stub: Stub, code: grpc.StatusCode) -> None:
    status = interop.EchoStatus(code=code.value[0], message="50 % of \u20ac\n")
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await stub.UnaryCall(interop.SimpleRequest(response_status=status), timeout=SECONDS)
    assert (failure.value.code(), failure.value.details()) == (code, "50 % of \u20ac\n")


@pytest.mark.parametrize("after_a_response", [False, True])
async def test_a_cancelled_call_leaves_the_connection_usable(
    stub: Stub, after_a_response: bool
) -> None:
    for _ in range(50):
        call = stub.FullDuplexCall(timeout=SECONDS)
        wanted = [interop.ResponseParameters(size=31_415)]
        await call.write(interop.StreamingOutputCallRequest(response_parameters=wanted))
        if after_a_response:
            assert len((await call.read()).payload.body) == 31_415
        call.cancel()
        assert await call.code() is grpc.StatusCode.CANCELLED
    assert len((await stub.UnaryCall(LARGE, timeout=SECONDS)).payload.body) == 314_159
