"""The server's side of gRPC's interop tests, as a servicer for ``grpc.aio``.

Any server that takes servicers of ``grpc.aio`` runs it unchanged.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable
from typing import Any

import grpc

from tests.transport.interop import contract as interop

STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}
ECHO_INITIAL = "x-grpc-test-echo-initial"
ECHO_TRAILING = "x-grpc-test-echo-trailing-bin"


class TestService:
    """Answers what each request asks for."""

    __test__ = False

    def __init__(self) -> None:
        self._server_id = uuid.uuid4().hex

    async def EmptyCall(self, _request: Any, _context: Any) -> Any:  # noqa: N802 - the contract's name
        return interop.Empty()

    async def UnaryCall(self, request: Any, context: Any) -> Any:  # noqa: N802
        _choose_compression(context, request.response_compressed)
        await _echo_metadata(context)
        await _echo_status(context, request)
        server_id = self._server_id if request.fill_server_id else ""
        payload = _payload(request.response_size)
        return interop.SimpleResponse(payload=payload, server_id=server_id)

    async def StreamingOutputCall(  # noqa: N802
        self, request: Any, context: Any
    ) -> AsyncIterator[Any]:
        if any(wanted.HasField("compressed") for wanted in request.response_parameters):
            context.set_compression(grpc.Compression.Gzip)
        async for response in _responses(request.response_parameters, context):
            yield response

    async def StreamingInputCall(self, requests: AsyncIterator[Any], _context: Any) -> Any:  # noqa: N802
        size = 0
        async for request in requests:
            size += len(request.payload.body)
        return interop.StreamingInputCallResponse(aggregated_payload_size=size)

    async def FullDuplexCall(  # noqa: N802
        self, requests: AsyncIterator[Any], context: Any
    ) -> AsyncIterator[Any]:
        await _echo_metadata(context)
        async for request in requests:
            await _echo_status(context, request)
            async for response in _responses(request.response_parameters, context):
                yield response

    async def HalfDuplexCall(self, _requests: AsyncIterator[Any], context: Any) -> None:  # noqa: N802
        kept: list[Any] = []
        while (request := await context.read()) is not grpc.aio.EOF:
            kept += request.response_parameters
        async for response in _responses(kept, context):
            await context.write(response)


def add_test_service(server: Any) -> None:
    """Register the service as generated code does, in both ways that a server has."""
    service = TestService()
    handlers = {
        method.name: method.handler(getattr(service, method.name)) for method in interop.METHODS
    }
    generic = grpc.method_handlers_generic_handler(interop.SERVICE, handlers)
    server.add_generic_rpc_handlers((generic,))
    server.add_registered_method_handlers(interop.SERVICE, handlers)


async def _responses(parameters: Iterable[Any], context: Any) -> AsyncIterator[Any]:
    for wanted in parameters:
        if wanted.interval_us:
            await asyncio.sleep(wanted.interval_us / 1e6)
        if wanted.HasField("compressed") and not wanted.compressed.value:
            context.disable_next_message_compression()
        yield interop.StreamingOutputCallResponse(payload=_payload(wanted.size))


def _choose_compression(context: Any, wanted: Any) -> None:
    """Compress where ``wanted`` says so; that it says no is a choice of its own."""
    if wanted.value:
        context.set_compression(grpc.Compression.Gzip)


async def _echo_metadata(context: Any) -> None:
    for key, value in context.invocation_metadata():
        if key == ECHO_INITIAL:
            await context.send_initial_metadata(((key, value),))
        elif key == ECHO_TRAILING:
            context.set_trailing_metadata(((key, value),))


async def _echo_status(context: Any, request: Any) -> None:
    if request.response_status.code:
        status = request.response_status
        await context.abort(STATUS_CODES[status.code], status.message)


def _payload(size: int) -> Any:
    return interop.Payload(body=bytes(size))
