"""A protoc plugin for gRPC's Python stubs, over the generator inside grpcio-tools.

grpcio-tools has no plugin program of its own, only a protoc with the generator
linked in. This reads a CodeGeneratorRequest from standard input, runs that protoc
on the request's descriptors, and answers with the files that it wrote.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from google.protobuf.compiler import plugin_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet


def generate(request: plugin_pb2.CodeGeneratorRequest) -> plugin_pb2.CodeGeneratorResponse:
    """Return the ``*_pb2_grpc.py`` files for the request's files."""
    response = plugin_pb2.CodeGeneratorResponse(
        supported_features=plugin_pb2.CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL
    )
    with tempfile.TemporaryDirectory() as folder:
        descriptors = Path(folder, "descriptors.binpb")
        descriptors.write_bytes(FileDescriptorSet(file=request.proto_file).SerializeToString())
        out = Path(folder, "out")
        out.mkdir()
        protoc = [sys.executable, "-m", "grpc_tools.protoc"]
        options = [f"--descriptor_set_in={descriptors}", f"--grpc_python_out={out}"]
        subprocess.run([*protoc, *options, *request.file_to_generate], check=True)
        for path in sorted(p for p in out.rglob("*") if p.is_file()):
            response.file.add(name=path.relative_to(out).as_posix(), content=path.read_text())
    return response


if __name__ == "__main__":
    message = plugin_pb2.CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    sys.stdout.buffer.write(generate(message).SerializeToString())
