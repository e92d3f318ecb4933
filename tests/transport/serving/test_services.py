"""Servicers as generated code and grpc's own packages bring them, plugged in unchanged."""

import asyncio
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

from bench.attacks import frames
from pannier_server.transport.h2 import Server
from tests.transport.serving.client import connected, request_block
from tests.transport.serving.servers import (
    SECONDS,
    SERVICE,
    path,
    serving,
    slow_echo,
    stream_unary,
    unary,
    unary_stream,
    until,
)

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
UNKNOWN, UNIMPLEMENTED = 2, 12


async def test_health_is_checked_and_watched() -> None:
    servicer = health.aio.HealthServicer()
    async with serving() as at, at.channel() as channel:
        health_pb2_grpc.add_HealthServicer_to_server(servicer, at.server)
        stub: Any = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest(service="")
        assert (await stub.Check(request, timeout=SECONDS)).status == SERVING
        unknown = stub.Check(health_pb2.HealthCheckRequest(service="other"), timeout=SECONDS)
        assert await unknown.code() is grpc.StatusCode.NOT_FOUND
        watch = stub.Watch(request, timeout=SECONDS)
        assert (await watch.read()).status == SERVING
        await servicer.set("", NOT_SERVING)
        assert (await watch.read()).status == NOT_SERVING
        watch.cancel()
        await until(lambda: at.meters.running == 0)
        assert not servicer._server_watchers


async def test_reflection_lists_services_and_shows_their_files() -> None:
    name = health.SERVICE_NAME
    servicer = reflection.aio.ReflectionServicer([name])
    async with serving() as at, at.channel() as channel:
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, at.server)
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
        call = stub.ServerReflectionInfo(timeout=SECONDS)
        await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
        services = (await call.read()).list_services_response.service
        assert [service.name for service in services] == [name]
        await call.write(reflection_pb2.ServerReflectionRequest(file_containing_symbol=name))
        assert (await call.read()).file_descriptor_response.file_descriptor_proto
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF


async def test_a_method_that_a_generated_servicer_leaves_out_is_unimplemented(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class OnlyChecks(health_pb2_grpc.HealthServicer):  # type: ignore[misc]
        async def Check(self, _request: Any, _context: Any) -> Any:  # noqa: N802 - the contract's
            return health_pb2.HealthCheckResponse(status=SERVING)

    async with serving() as at, at.channel() as channel:
        health_pb2_grpc.add_HealthServicer_to_server(OnlyChecks(), at.server)
        stub: Any = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest()
        assert (await stub.Check(request, timeout=SECONDS)).status == SERVING
        watch = stub.Watch(request, timeout=SECONDS)
        assert await watch.code() is grpc.StatusCode.UNIMPLEMENTED
        assert await watch.details() == "Method not implemented!"
        assert at.meters.handler_errors == 0
    assert caplog.text == ""


async def test_a_function_that_is_not_asynchronous_does_not_hold_up_others() -> None:
    """It runs in a thread, as with grpc.aio."""
    answered = asyncio.Event()
    loop = asyncio.get_running_loop()

    def plain(request: bytes, _context: Any) -> bytes:
        asyncio.run_coroutine_threadsafe(answered.wait(), loop).result(SECONDS)
        return request

    methods: dict[str, Any] = {"Plain": unary(plain), "Echo": unary(slow_echo)}
    async with serving(methods) as at, connected(at.port) as client:
        waiting = client.call("Plain")
        assert (await client.answer(client.call())).messages == [b"hello"]
        answered.set()
        assert (await client.answer(waiting)).messages == [b"hello"]


async def test_a_plain_generator_is_an_error_that_names_the_method(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def generate(_request: bytes, _context: Any) -> Iterator[bytes]:
        yield b"one"

    async with serving({"List": unary_stream(generate)}) as at, connected(at.port) as client:
        assert (await client.answer(client.call("List"))).status == UNKNOWN
    assert "the handler of /test.Service/List is no asynchronous generator" in caplog.text


async def test_a_handler_may_be_an_object() -> None:
    class Echo:
        async def __call__(self, request: bytes, _context: Any) -> bytes:
            await asyncio.sleep(0)
            return request

    async with serving({"Echo": unary(Echo())}) as at, connected(at.port) as client:
        assert (await client.answer(client.call())).messages == [b"hello"]


def test_a_handler_without_a_behaviour_is_refused_at_once() -> None:
    async def register() -> None:
        server = Server()
        with pytest.raises(TypeError, match=r"the handler of /test\.Service/Echo has no behav"):
            server.add_registered_method_handlers(SERVICE, {"Echo": unary(None)})

    asyncio.run(register())


class Chooser(grpc.GenericRpcHandler):
    """Chooses a handler by what a call's metadata say."""

    def __init__(self, **handlers: Any) -> None:
        self._handlers = handlers

    def service(self, handler_call_details: Any) -> Any:
        chosen = dict(handler_call_details.invocation_metadata).get("choose")
        if chosen == "failure":
            raise LookupError("cannot choose")
        return self._handlers.get(str(chosen))


async def test_a_generic_handler_chooses_by_metadata() -> None:
    async def shout(request: bytes, _context: Any) -> bytes:
        return request.upper()

    async with serving() as at, at.channel() as channel:
        at.server.add_generic_rpc_handlers((Chooser(echo=unary(slow_echo)),))
        at.server.add_generic_rpc_handlers((Chooser(shout=unary(shout)),))
        call = channel.unary_unary("/other.Service/Any")
        for choice, answer in (("echo", b"hello"), ("shout", b"HELLO"), ("echo", b"hello")):
            assert await call(b"hello", metadata=(("choose", choice),), timeout=SECONDS) == answer


async def test_a_generic_handler_that_fails_ends_its_call_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving() as at, connected(at.port) as client:
        at.server.add_generic_rpc_handlers((Chooser(),))
        other = client.start()
        whole = client.next_stream()
        head = frames.headers(whole, request_block("Other", choose="failure"))
        client.send(head, _end_of(whole))
        assert (await client.answer(whole)).status == UNKNOWN
        pieces = client.start("Other", choose="failure")
        client.send(_end_of(pieces))
        assert (await client.answer(pieces)).status == UNKNOWN
        client.send(_end_of(other))
        assert (await client.answer(other)).messages == [b"hello"]
    assert "no handler could be chosen for /test.Service/Other" in caplog.text


async def test_registered_methods_come_before_generic_handlers() -> None:
    async def other(_request: bytes, _context: Any) -> bytes:
        return b"the other"

    handlers = {"Echo": unary(other), "More": unary(other)}
    async with serving() as at, at.channel() as channel:
        generic = grpc.method_handlers_generic_handler(SERVICE, handlers)
        at.server.add_generic_rpc_handlers((generic,))
        for method, answer in (("Echo", b"hello"), ("More", b"the other")):
            call = channel.unary_unary(path(method))
            assert await call(b"hello", timeout=SECONDS) == answer


async def test_a_method_is_found_although_it_was_called_before_it_was_there() -> None:
    async def count(requests: Any, _context: Any) -> bytes:
        return b"%d" % len([request async for request in requests])

    async with serving() as at, connected(at.port) as client:
        assert (await client.answer(client.call("Count"))).status == UNIMPLEMENTED
        at.server.add_registered_method_handlers(SERVICE, {"Count": stream_unary(count)})
        assert (await client.answer(client.call("Count"))).messages == [b"1"]


def _end_of(stream: int) -> bytes:
    return frames.data(stream, frames.message(b"hello"), frames.END_STREAM)
