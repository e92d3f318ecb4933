"""What the sidecar's services register works on each transport, with names of our own."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from pannier_server.config import Settings
from pannier_server.rpc import MethodHandler, ServicerContext, StatusCode
from pannier_server.transport.registry import create_transport
from tests.sidecars import LOOPBACK

SERVICE = "test.Service"
SECONDS = 30


@asynccontextmanager
async def serving(transport: str, **methods: MethodHandler) -> AsyncIterator[Any]:
    """Serve methods on a transport, and yield a channel to it."""
    server = create_transport(Settings(store="memory:", transport=transport))
    server.grpc.add_registered_method_handlers(SERVICE, methods)
    (address,) = await server.start(LOOPBACK)
    try:
        async with grpc.aio.insecure_channel(str(address)) as channel:
            yield channel
    finally:
        await server.stop(0)


def test_codes_have_the_numbers_and_names_of_grpc() -> None:
    theirs = {code.name: code.value for code in grpc.StatusCode}
    assert {code.name: code.value for code in StatusCode} == theirs


async def test_each_code_arrives_with_its_message_and_metadata(transport: str) -> None:
    async def fail(request: bytes, context: ServicerContext) -> bytes:
        code = StatusCode[request.decode()]
        await context.abort(code, f"it is {code.name}", trailing_metadata=(("a-bin", b"\xff"),))

    async with serving(transport, Fail=MethodHandler(unary_unary=fail)) as channel:
        for code in set(StatusCode) - {StatusCode.OK}:
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await channel.unary_unary(f"/{SERVICE}/Fail")(code.name.encode(), timeout=SECONDS)
            assert failed.value.code() is grpc.StatusCode[code.name]
            assert failed.value.details() == f"it is {code.name}"
            assert (failed.value.trailing_metadata() or {})["a-bin"] == b"\xff"


async def test_methods_of_all_four_kinds_are_served(transport: str) -> None:
    async def double(request: int, _: ServicerContext) -> int:
        return 2 * request

    async def count(request: int, _: ServicerContext) -> AsyncGenerator[int, None]:
        for number in range(request):
            yield number

    async def add(requests: AsyncIterator[int], _: ServicerContext) -> int:
        return sum([request async for request in requests])

    async def double_all(
        requests: AsyncIterator[int], _: ServicerContext
    ) -> AsyncGenerator[int, None]:
        async for request in requests:
            yield 2 * request

    codec: dict[str, Any] = {
        "request_deserializer": int,
        "response_serializer": lambda answer: b"%d" % answer,
    }
    async with serving(
        transport,
        Double=MethodHandler(unary_unary=double, **codec),
        Count=MethodHandler(unary_stream=count, **codec),
        Add=MethodHandler(stream_unary=add, **codec),
        DoubleAll=MethodHandler(stream_stream=double_all, **codec),
    ) as channel:
        assert await channel.unary_unary(f"/{SERVICE}/Double")(b"3", timeout=SECONDS) == b"6"
        counted = channel.unary_stream(f"/{SERVICE}/Count")(b"2", timeout=SECONDS)
        assert [answer async for answer in counted] == [b"0", b"1"]
        added = channel.stream_unary(f"/{SERVICE}/Add")(iter([b"3", b"4"]), timeout=SECONDS)
        assert await added == b"7"
        doubled = channel.stream_stream(f"/{SERVICE}/DoubleAll")(
            iter([b"3", b"4"]), timeout=SECONDS
        )
        assert [answer async for answer in doubled] == [b"6", b"8"]
