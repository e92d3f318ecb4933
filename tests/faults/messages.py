"""HTTP/1.1 messages with a Content-Length, as the proxy reads them and passes them on."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from zlib import crc32

_HEADER = re.compile(rb"\r\n([^:\r\n]+):[ \t]*([^\r\n]*)")

READS = frozenset({"GetItem", "Query", "Scan"})
WRITES = frozenset({"UpdateItem", "PutItem", "DeleteItem"})


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        head: The first line and the headers, up to and with the empty line.
        body: The body.
    """

    head: bytes
    body: bytes

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """The headers by their lower-case names."""
        found = _HEADER.findall(self.head)
        return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in found}

    def __bytes__(self) -> bytes:
        return self.head + self.body


class Request(Message):
    """A request of DynamoDB's API."""

    @cached_property
    def operation(self) -> str:
        """DynamoDB's name of what is asked for, such as ``GetItem``."""
        return self.headers.get("x-amz-target", "").rpartition(".")[2]

    @cached_property
    def content(self) -> Mapping[str, object]:
        """The body."""
        content: Mapping[str, object] = json.loads(self.body)
        return content

    @property
    def is_write(self) -> bool:
        return self.operation in WRITES

    @property
    def is_consistent_read(self) -> bool:
        return self.content.get("ConsistentRead") is True

    @cached_property
    def row(self) -> str:
        """The table and the primary key of the one row that it is about."""
        return json.dumps([self.content.get("TableName"), self.content.get("Key")])

    @cached_property
    def write_id(self) -> str | None:
        """The write id that the row gets, where the request is such a write."""
        if not self.is_write:
            return None
        for member, name in (("ExpressionAttributeValues", ":id"), ("Item", "write_id")):
            values = self.content.get(member)
            if isinstance(values, dict) and name in values:
                return str(values[name]["S"])
        return None


class Answer(Message):
    """An answer of DynamoDB's."""

    @cached_property
    def status(self) -> int:
        return int(self.head.split(b" ", 2)[1])


async def read_message(reader: asyncio.StreamReader) -> tuple[bytes, bytes] | None:
    """Read the head and the body of one message; None where the peer has closed."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length:[ \t]*(\d+)", head, re.IGNORECASE)
        return head, await reader.readexactly(int(length[1])) if length else b""
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def answer(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an answer with DynamoDB's headers, and others."""
    all_headers = {
        "content-type": "application/x-amz-json-1.0",
        "x-amzn-requestid": "FAULTPROXY0000000000000000000000000000000000",
        "x-amz-crc32": str(crc32(body)),
        "content-length": str(len(body)),
        **(headers or {}),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in all_headers.items())
    return Answer(f"HTTP/1.1 {status} -\r\n{lines}\r\n".encode(), body)


def with_checksum(whole: Answer) -> Answer:
    """Return an answer with x-amz-crc32, which DynamoDB itself always sends."""
    if "x-amz-crc32" in whole.headers:
        return whole
    line = b"\r\nx-amz-crc32: %d\r\n\r\n" % crc32(whole.body)
    return Answer(whole.head.removesuffix(b"\r\n\r\n") + line, whole.body)


def closing(whole: Answer) -> Answer:
    """Return an answer that says that its connection ends with it."""
    return Answer(whole.head.removesuffix(b"\r\n") + b"connection: close\r\n\r\n", whole.body)
