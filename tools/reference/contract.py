"""The contract's page: its calls, messages and enums, with the comments that they have there."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)

from tools.reference.markdown import paragraphs, table, with_code

SOURCE = "pannier/v1/storage.proto"

# Where descriptor.proto keeps what a location's path leads through.
_MESSAGES, _ENUMS, _SERVICES, _SYNTAX = 4, 5, 6, 12
_FIELDS = _METHODS = 2

_Path = tuple[int, ...]


class Page:
    """The page, written from a file's descriptor."""

    def __init__(self, file: FileDescriptorProto) -> None:
        """Take the descriptor, which has to hold the comments."""
        self._file = file
        self._comments: Mapping[_Path, str] = {
            tuple(location.path): location.leading_comments
            for location in file.source_code_info.location
        }

    def text(self) -> str:
        """Return the page."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield "# The contract"
        yield f"\nPackage `{self._file.package}`, from `protos/{SOURCE}`.\n"
        yield from self._prose((_SYNTAX,))
        for index, service in enumerate(self._file.service):
            yield f"## Calls of {service.name}\n"
            yield from self._prose((_SERVICES, index))
            for number, method in enumerate(service.method):
                yield from self._method(method, (_SERVICES, index, _METHODS, number))
        yield "## Messages\n"
        for index, message in enumerate(self._file.message_type):
            yield from self._message(message, (_MESSAGES, index))
        yield "## Enums\n"
        for index, enum in enumerate(self._file.enum_type):
            yield from self._enum(enum, (_ENUMS, index))

    def _method(self, method: MethodDescriptorProto, path: _Path) -> Iterator[str]:
        stream = "a stream of " if method.server_streaming else ""
        yield f"### {method.name}\n"
        yield f"{_link(method.input_type)} → {stream}{_link(method.output_type)}\n"
        yield from self._prose(path)

    def _message(self, message: DescriptorProto, path: _Path) -> Iterator[str]:
        yield f"### {message.name}\n"
        yield from self._prose(path)
        rows = [
            [f"`{field.name}`", str(field.number), _type(field, message), self._cell(path, number)]
            for number, field in enumerate(message.field)
        ]
        yield table(["Field", "Number", "Type", ""], rows)

    def _enum(self, enum: EnumDescriptorProto, path: _Path) -> Iterator[str]:
        yield f"### {enum.name}\n"
        yield from self._prose(path)
        rows = [
            [f"`{value.name}`", str(value.number), self._cell(path, number)]
            for number, value in enumerate(enum.value)
        ]
        yield table(["Value", "Number", ""], rows)

    def _prose(self, path: _Path) -> Iterator[str]:
        for paragraph in paragraphs(self._comments.get(path, "")):
            yield with_code(paragraph) + "\n"

    def _cell(self, path: _Path, number: int) -> str:
        # Fields and values have the same number inside of what holds them.
        parts: Sequence[str] = paragraphs(self._comments.get((*path, _FIELDS, number), ""))
        return "\n".join(map(with_code, parts))


def contract_page(protos: Path) -> str:
    """Return the page of the contract in a folder of protos."""
    return Page(_descriptor(protos)).text()


def _descriptor(protos: Path) -> FileDescriptorProto:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "set.binpb")
        subprocess.run(
            [
                *(sys.executable, "-m", "grpc_tools.protoc", f"-I{protos}", SOURCE),
                *("--include_source_info", f"--descriptor_set_out={out}"),
            ],
            check=True,
        )
        (file,) = FileDescriptorSet.FromString(out.read_bytes()).file
    return file


def _type(field: FieldDescriptorProto, message: DescriptorProto) -> str:
    kind = _link(field.type_name) if field.type_name else f"`{_scalar(field)}`"
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"repeated {kind}"
    if field.proto3_optional:
        return f"optional {kind}"
    if field.HasField("oneof_index"):
        return f"{kind}, one of `{message.oneof_decl[field.oneof_index].name}`"
    return kind


def _scalar(field: FieldDescriptorProto) -> str:
    return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def _link(name: str) -> str:
    package, _, short = name.rpartition(".")
    return f"[{short}](#{short.lower()})" if package == ".pannier.v1" else f"`{name.lstrip('.')}`"
