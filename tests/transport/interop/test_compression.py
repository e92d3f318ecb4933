"""Messages are compressed exactly where a side chose it, and decompressed by the other.

The cases are those of the interop contract. grpc-go's client has none of them, so
grpcio's is used. Neither library shows a message's flag, so that is read off the wire.
"""

import random
from collections.abc import AsyncIterator

import grpc
import pytest

from tests.transport.interop import contract as interop
from tests.transport.interop.contract import Stub
from tests.transport.interop.processes import InteropServer
from tests.transport.interop.service import ECHO_INITIAL
from tests.transport.interop.wiretap import Message, Wiretap

REQUEST_BYTES = 271_828
RESPONSE_BYTES = 314_159
GZIP = grpc.Compression.Gzip
NONE = grpc.Compression.NoCompression


@pytest.fixture
async def wiretap(clear_interop_server: InteropServer) -> AsyncIterator[Wiretap]:
    """What goes between the server and the test's client."""
    async with Wiretap(clear_interop_server.port).listening() as tap:
        yield tap


@pytest.fixture
async def stub(clear_interop_server: InteropServer, wiretap: Wiretap) -> AsyncIterator[Stub]:
    """A client that the wiretap hears."""
    async with clear_interop_server.channel(wiretap.port) as channel:
        yield Stub(channel)


def payload(size: int, *, compressible: bool = True) -> object:
    return interop.Payload(body=bytes(size) if compressible else random.Random(0).randbytes(size))


def asking_for(*, compressed: bool) -> object:
    return interop.SimpleRequest(
        response_compressed=interop.BoolValue(value=compressed),
        response_size=RESPONSE_BYTES,
        payload=payload(REQUEST_BYTES),
    )


def flags(messages: list[Message]) -> list[bool]:
    return [message.compressed for message in messages]


async def test_a_client_compresses_the_requests_of_the_calls_that_it_chooses(
    stub: Stub, wiretap: Wiretap
) -> None:
    request = interop.SimpleRequest(response_size=RESPONSE_BYTES, payload=payload(REQUEST_BYTES))
    for compression in (GZIP, NONE):
        response = await stub.UnaryCall(request, compression=compression)
        assert response.payload.body == bytes(RESPONSE_BYTES)
    assert flags(wiretap.requests.messages) == [True, False]
    assert len(wiretap.requests.messages[0].data) < REQUEST_BYTES / 100
    assert flags(wiretap.responses.messages) == [False, False]


async def test_a_server_compresses_the_responses_of_the_calls_that_it_chooses(
    stub: Stub, wiretap: Wiretap
) -> None:
    for value in (True, False):
        # grpcio's server forgets the choice where the handler sends no metadata itself.
        await stub.UnaryCall(asking_for(compressed=value), metadata=((ECHO_INITIAL, "sent"),))
    assert flags(wiretap.responses.messages) == [True, False]
    assert len(wiretap.responses.messages[0].data) < RESPONSE_BYTES / 100
    assert flags(wiretap.requests.messages) == [False, False]


@pytest.mark.parametrize("clear_interop_server", ["h2"], indirect=True)
async def test_our_server_remembers_the_choice_of_a_handler_that_sends_no_metadata(
    stub: Stub, wiretap: Wiretap
) -> None:
    for value in (True, False):
        response = await stub.UnaryCall(asking_for(compressed=value))
        assert response.payload.body == bytes(RESPONSE_BYTES)
    assert flags(wiretap.responses.messages) == [True, False]


# grpcio's client leaves out the compression of a message that it would make larger.
async def test_a_client_mixes_compressed_and_plain_requests_in_a_stream(
    stub: Stub, wiretap: Wiretap
) -> None:
    call = stub.StreamingInputCall(compression=GZIP)
    for size, compressible in ((27_182, True), (45_904, False)):
        body = payload(size, compressible=compressible)
        await call.write(interop.StreamingInputCallRequest(payload=body))
    await call.done_writing()
    assert (await call).aggregated_payload_size == 73_086
    assert flags(wiretap.requests.messages) == [True, False]


async def test_a_server_mixes_compressed_and_plain_responses_in_a_stream(
    stub: Stub, wiretap: Wiretap
) -> None:
    wanted = [
        interop.ResponseParameters(size=size, compressed=interop.BoolValue(value=value))
        for size, value in ((31_415, True), (92_653, False), (58_979, True))
    ]
    request = interop.StreamingOutputCallRequest(response_parameters=wanted)
    sizes = [len(response.payload.body) async for response in stub.StreamingOutputCall(request)]
    assert sizes == [31_415, 92_653, 58_979]
    assert flags(wiretap.responses.messages) == [True, False, True]
    assert len(wiretap.responses.messages[1].data) > 92_653
