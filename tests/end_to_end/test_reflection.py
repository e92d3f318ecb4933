"""Reflection as grpcurl and its like ask for it."""

from collections.abc import Iterable
from typing import Any

import pytest
from google.longrunning import operations_pb2  # type: ignore[import-untyped]
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection_pb2

from pannier_server.app import running_sidecar
from pannier_server.config import Settings
from tests.sidecars import LOOPBACK, channel_to

NOT_FOUND, INVALID_ARGUMENT = 5, 3
SECONDS = 30

Request = reflection_pb2.ServerReflectionRequest
Extension = reflection_pb2.ExtensionRequest


async def answers(transport: str, requests: Iterable[Any], version: str = "v1") -> list[Any]:
    """Return the answers to requests, which are sent in one call."""
    settings = Settings(store="memory:", listen=LOOPBACK, grace=1.0, transport=transport)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        ask: Any = channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=Request.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        return [answer async for answer in ask(iter(requests), timeout=SECONDS)]


def files(answer: Any) -> list[str]:
    """Return the names of the files in an answer."""
    found = answer.file_descriptor_response.file_descriptor_proto
    return [FileDescriptorProto.FromString(each).name for each in found]


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_services_are_listed_and_each_is_described(transport: str, version: str) -> None:
    (listed,) = await answers(transport, [Request(list_services="")], version)
    names = [service.name for service in listed.list_services_response.service]
    assert names == [
        "pannier.v1.StorageBackend",
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    ]

    described = await answers(transport, [Request(file_containing_symbol=each) for each in names])

    assert [files(each)[0] for each in described] == [
        "pannier/v1/storage.proto",
        "grpc_health/v1/health.proto",
        "grpc_reflection/v1alpha/reflection.proto",
    ]


async def test_a_file_comes_with_all_that_it_imports_and_that_they_import(transport: str) -> None:
    request = Request(file_by_filename=operations_pb2.DESCRIPTOR.name)

    (answer,) = await answers(transport, [request])

    found = answer.file_descriptor_response.file_descriptor_proto
    imported = {name for each in found for name in FileDescriptorProto.FromString(each).dependency}
    # Which only a file imports that this one imports.
    assert "google/api/http.proto" in imported
    assert imported < set(files(answer))
    assert len(files(answer)) == len(set(files(answer)))
    assert answer.original_request == request


async def test_extensions_are_found_by_number(transport: str) -> None:
    options = "google.protobuf.MethodOptions"
    listed, absent = await answers(
        transport,
        [
            Request(all_extension_numbers_of_type=options),
            Request(file_containing_extension=Extension(containing_type=options)),
        ],
    )

    assert listed.all_extension_numbers_response.base_type_name == options
    assert absent.error_response.error_code == NOT_FOUND


async def test_what_is_not_there_does_not_end_the_conversation(transport: str) -> None:
    found = await answers(
        transport,
        [
            Request(file_by_filename="absent.proto"),
            Request(file_containing_symbol="absent.Service"),
            Request(all_extension_numbers_of_type="absent.Type"),
            Request(),
            Request(list_services=""),
        ],
    )

    codes = [answer.error_response.error_code for answer in found]
    assert codes == [NOT_FOUND, NOT_FOUND, NOT_FOUND, INVALID_ARGUMENT, 0]
