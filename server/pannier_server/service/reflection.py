"""Server reflection, so that grpcurl and its like need no proto file.

grpcio-reflection serves version v1alpha of the protocol only. Version v1 has the same
messages under another name, so the same servicer answers both.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.reflection import SERVICE_NAME as V1ALPHA
from grpc_reflection.v1alpha.reflection import aio

from pannier.v1 import storage_pb2
from pannier_server.service.errors import CallError
from pannier_server.service.servicer import Authenticate
from pannier_server.service.status import STATUS_DETAILS, to_status

V1 = "grpc.reflection.v1.ServerReflection"

_Behaviour = Callable[[AsyncIterator[Any], Any], AsyncIterator[Any]]


def register_reflection(server: grpc.aio.Server, authenticate: Authenticate | None = None) -> None:
    """Add reflection v1 and v1alpha to a server, over its storage and health services.

    Args:
        server: The server.
        authenticate: Tells who asks; None where everyone may.
    """
    names = [
        storage_pb2.DESCRIPTOR.services_by_name["StorageBackend"].full_name,
        health_pb2.DESCRIPTOR.services_by_name["Health"].full_name,
        V1ALPHA,
    ]
    behaviour: _Behaviour = aio.ReflectionServicer(names).ServerReflectionInfo
    if authenticate is not None:
        behaviour = _authenticated(behaviour, authenticate)
    method = grpc.stream_stream_rpc_method_handler(
        behaviour,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    for name in (V1, V1ALPHA):
        handler = grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": method})
        server.add_generic_rpc_handlers((handler,))


def _authenticated(behaviour: _Behaviour, authenticate: Authenticate) -> _Behaviour:
    async def answer(requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        try:
            authenticate(context)
        except CallError as error:
            status = to_status(error, is_write=False)
            details = ((STATUS_DETAILS, status.details),)
            await context.abort(status.code, status.message, trailing_metadata=details)
        async for response in behaviour(requests, context):
            yield response

    return answer
