"""Server reflection, so that grpcurl and its like need no proto file.

grpcio-reflection serves version v1alpha of the protocol only. Version v1 has the same
messages under another name, so the same servicer answers both.
"""

import grpc
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.reflection import SERVICE_NAME as V1ALPHA
from grpc_reflection.v1alpha.reflection import aio

from pannier.v1 import storage_pb2

V1 = "grpc.reflection.v1.ServerReflection"


def register_reflection(server: grpc.aio.Server) -> None:
    """Add reflection v1 and v1alpha to a server, over its storage and health services."""
    names = [
        storage_pb2.DESCRIPTOR.services_by_name["StorageBackend"].full_name,
        health_pb2.DESCRIPTOR.services_by_name["Health"].full_name,
        V1ALPHA,
    ]
    method = grpc.stream_stream_rpc_method_handler(
        aio.ReflectionServicer(names).ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    for name in (V1, V1ALPHA):
        handler = grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": method})
        server.add_generic_rpc_handlers((handler,))
