"""The interop contract's messages and methods, made from its proto file when imported.

They live in a pool of their own, so that nothing else that knows ``grpc.testing`` is in
their way, and no generated code needs to be kept up to date.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet

PROTO = Path(__file__).with_name("protos") / "interop.proto"
SERVICE = "grpc.testing.TestService"


def _pool() -> descriptor_pool.DescriptorPool:
    with tempfile.NamedTemporaryFile() as output:
        compiler = [sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={PROTO.parent}"]
        subprocess.run([*compiler, f"--descriptor_set_out={output.name}", PROTO], check=True)
        files = FileDescriptorSet.FromString(output.read()).file
    pool = descriptor_pool.DescriptorPool()
    for file in files:
        pool.Add(file)
    return pool


_POOL = _pool()


def _message(name: str) -> Any:
    descriptor = _POOL.FindMessageTypeByName(f"grpc.testing.{name}")
    return message_factory.GetMessageClass(descriptor)


BoolValue = _message("BoolValue")
EchoStatus = _message("EchoStatus")
Empty = _message("Empty")
Payload = _message("Payload")
ResponseParameters = _message("ResponseParameters")
SimpleRequest = _message("SimpleRequest")
SimpleResponse = _message("SimpleResponse")
StreamingInputCallRequest = _message("StreamingInputCallRequest")
StreamingInputCallResponse = _message("StreamingInputCallResponse")
StreamingOutputCallRequest = _message("StreamingOutputCallRequest")
StreamingOutputCallResponse = _message("StreamingOutputCallResponse")


@dataclass(frozen=True)
class Method:
    """One method of the service: how it is called, and what goes in and out."""

    name: str
    streams: tuple[bool, bool]
    request: Any
    response: Any

    @classmethod
    def of(cls, method: MethodDescriptor) -> "Method":
        """Read a method's descriptor."""
        return cls(
            name=method.name,
            streams=(method.client_streaming, method.server_streaming),
            request=message_factory.GetMessageClass(method.input_type),
            response=message_factory.GetMessageClass(method.output_type),
        )

    def handler(self, behaviour: Any) -> "grpc.RpcMethodHandler[Any, Any]":
        """Return what a server registers for this method."""
        make = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, False): grpc.stream_unary_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }[self.streams]
        return make(behaviour, self.request.FromString, self.response.SerializeToString)

    def caller(self, channel: grpc.aio.Channel) -> Any:
        """Return what a client calls this method with."""
        make = {
            (False, False): channel.unary_unary,
            (False, True): channel.unary_stream,
            (True, False): channel.stream_unary,
            (True, True): channel.stream_stream,
        }[self.streams]
        path = f"/{SERVICE}/{self.name}"
        return make(path, self.request.SerializeToString, self.response.FromString)


METHODS: Iterable[Method] = tuple(
    Method.of(method) for method in _POOL.FindServiceByName(SERVICE).methods
)


class Stub:
    """The service as a client on ``channel`` sees it: one attribute for each method."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        for method in METHODS:
            setattr(self, method.name, method.caller(channel))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{SERVICE} has no method {name}")
