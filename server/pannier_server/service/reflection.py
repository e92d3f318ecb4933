"""Server reflection, so that grpcurl and its like need no proto file.

There are two versions of the protocol, v1 and v1alpha, with the same messages under two
names, so the same handler answers both.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from time import perf_counter
from typing import Any, Final

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from pannier.v1 import storage_pb2
from pannier_server.rpc import MethodHandler, Registry, ServicerContext, StatusCode
from pannier_server.service.errors import CallError
from pannier_server.service.failed_calls import FailedCall, FailureListener
from pannier_server.service.servicer import Authenticate
from pannier_server.service.status import STATUS_DETAILS, to_status

V1 = "grpc.reflection.v1.ServerReflection"
V1ALPHA: str = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"].full_name
_METHOD: Final = "ServerReflectionInfo"

_SERVICES = (
    storage_pb2.DESCRIPTOR.services_by_name["StorageBackend"].full_name,
    health_pb2.DESCRIPTOR.services_by_name["Health"].full_name,
    V1ALPHA,
)
_POOL = descriptor_pool.Default()

_Behaviour = Callable[[AsyncIterator[Any], Any], AsyncGenerator[Any, None]]


def register_reflection(
    server: Registry,
    authenticate: Authenticate | None = None,
    listeners: Sequence[FailureListener] = (),
) -> None:
    """Add reflection v1 and v1alpha to a server, over its storage and health services.

    Args:
        server: The server.
        authenticate: Tells who asks; None where everyone may.
        listeners: Are told of each call that is refused.
    """
    behaviour: _Behaviour = _answers
    if authenticate is not None:
        behaviour = _authenticated(behaviour, authenticate, listeners)
    method = MethodHandler(
        stream_stream=behaviour,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    for name in (V1, V1ALPHA):
        server.add_registered_method_handlers(name, {_METHOD: method})


def _authenticated(
    behaviour: _Behaviour, authenticate: Authenticate, listeners: Sequence[FailureListener]
) -> _Behaviour:
    async def answer(
        requests: AsyncIterator[Any], context: ServicerContext
    ) -> AsyncGenerator[Any, None]:
        started = perf_counter()
        try:
            authenticate(context)
        except CallError as error:
            status = to_status(error, is_write=False)
            for listener in listeners:
                listener(
                    FailedCall(
                        rpc=_METHOD,
                        status=status,
                        error=error,
                        seconds=perf_counter() - started,
                        identity=None,
                        context=context,
                        message=reflection_pb2.ServerReflectionRequest,
                        # It is refused before one is read.
                        request=b"",
                    )
                )
            details = ((STATUS_DETAILS, status.details),)
            await context.abort(status.code, status.message, trailing_metadata=details)
        async for response in behaviour(requests, context):
            yield response

    return answer


async def _answers(requests: AsyncIterator[Any], _: ServicerContext) -> AsyncGenerator[Any, None]:
    async for request in requests:
        yield _answer(request)


def _answer(request: Any) -> Any:
    """Return the response to one request; its errors are part of the conversation."""
    try:
        found = _look_up(request)
    except KeyError:
        found = _error(StatusCode.NOT_FOUND)
    return reflection_pb2.ServerReflectionResponse(
        valid_host=request.host, original_request=request, **found
    )


def _look_up(request: Any) -> dict[str, Any]:
    """Return the field of the response that answers a request.

    Raises:
        KeyError: There is nothing of that name or number.
    """
    match request.WhichOneof("message_request"):
        case "list_services":
            return {"list_services_response": {"service": [{"name": each} for each in _SERVICES]}}
        case "file_by_filename":
            return _files(_POOL.FindFileByName(request.file_by_filename))
        case "file_containing_symbol":
            return _files(_POOL.FindFileContainingSymbol(request.file_containing_symbol))
        case "file_containing_extension":
            asked = request.file_containing_extension
            extended = _POOL.FindMessageTypeByName(asked.containing_type)
            extension = _POOL.FindExtensionByNumber(extended, asked.extension_number)
            return _files(_POOL.FindFileContainingSymbol(extension.full_name))
        case "all_extension_numbers_of_type":
            return _extensions(request.all_extension_numbers_of_type)
    return _error(StatusCode.INVALID_ARGUMENT)


def _files(file: FileDescriptor) -> dict[str, Any]:
    """Return a file with all that it imports."""
    found = {file.name: file}
    waiting = [file]
    while waiting:
        for each in waiting.pop().dependencies:
            if each.name not in found:
                found[each.name] = each
                waiting.append(each)
    serialized = [each.serialized_pb for each in found.values()]
    return {"file_descriptor_response": {"file_descriptor_proto": serialized}}


def _extensions(type_name: str) -> dict[str, Any]:
    extended = _POOL.FindMessageTypeByName(type_name)
    numbers = sorted(extension.number for extension in _POOL.FindAllExtensions(extended))
    return {
        "all_extension_numbers_response": {
            "base_type_name": extended.full_name,
            "extension_number": numbers,
        }
    }


def _error(code: StatusCode) -> dict[str, Any]:
    return {"error_response": {"error_code": code.number, "error_message": code.value[1]}}
