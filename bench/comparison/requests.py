"""The requests that a load consists of, encoded before it starts.

Record N belongs to one of ten owners and is called ``bytes-SIZE-N``, so that the fixed
responder knows from the key how large a record it is asked for.
"""

from collections.abc import Iterator
from pathlib import Path

from bench.comparison.entries import Call
from pannier.v1 import storage_pb2 as pb

RECORDS = 1000
OWNERS = 10
PAGE_RECORDS = RECORDS // OWNERS
MOST_BYTES = 16 * 1024 * 1024
"""Of Puts of large records there are fewer, which repeat: this much in all."""

ECHO_DATA_TAG = b"\x0a"
"""Field 1 of `ECHO_PROTO`'s message, which is bytes."""

STORAGE_PROTO = Path("protos", "pannier", "v1", "storage.proto")
ECHO_PROTO = Path("bench", "ghz", "echo.proto")


def proto(call: Call) -> Path:
    """Return the file that declares the call's method."""
    return ECHO_PROTO if call is Call.ECHO else STORAGE_PROTO


def method(call: Call) -> str:
    """Return the call's method as ghz wants it."""
    return "bench.Echo.Call" if call is Call.ECHO else f"pannier.v1.StorageBackend.{call.value}"


def write(
    path: Path, call: Call, record_bytes: int, *, calls: int = RECORDS, label: str = ""
) -> Path:
    """Write a file of requests, each after its length, and return its path.

    Args:
        path: Where.
        call: What is called.
        record_bytes: The size of a record's data.
        calls: How many calls of PutIfVersion there will be: each expects another version.
            Other requests repeat.
        label: Stands in the keys of PutIfVersion, so that each run has records of its own,
            which are at version 1 when it starts.
    """
    with path.open("wb") as file:
        for request in _requests(call, record_bytes, calls, label):
            file.write(_length(len(request)))
            file.write(request)
    return path


def write_seeds(path: Path, record_bytes: int, label: str = "") -> Path:
    """Write the Puts that make all records, or those of a labelled PutIfVersion."""
    data = b"0" * record_bytes
    with path.open("wb") as file:
        for number in range(RECORDS):
            request = pb.PutRequest(key=_key(number, record_bytes, label), data=data)
            encoded = request.SerializeToString()
            file.write(_length(len(encoded)) + encoded)
    return path


def _requests(call: Call, record_bytes: int, calls: int, label: str) -> Iterator[bytes]:
    data = b"0" * record_bytes
    match call:
        case Call.ECHO:
            yield ECHO_DATA_TAG + _length(record_bytes) + data
        case Call.GET:
            for number in range(RECORDS):
                key = _key(number, record_bytes)
                yield pb.GetRequest(key=key).SerializeToString()
        case Call.PUT:
            for number in range(min(RECORDS, _fitting(record_bytes))):
                key = _key(number, record_bytes)
                yield pb.PutRequest(key=key, data=data).SerializeToString()
        case Call.PUT_IF_VERSION:
            for number in range(calls):
                yield pb.PutIfVersionRequest(
                    key=_key(number % RECORDS, record_bytes, label),
                    expected_version=number // RECORDS + 1,
                    data=data,
                ).SerializeToString()
        case Call.LIST:
            for owner in range(OWNERS):
                yield pb.ListByPrefixRequest(
                    prefix=f"load-{owner}:bytes-{record_bytes}-", page_size=PAGE_RECORDS
                ).SerializeToString()


def _key(number: int, record_bytes: int, label: str = "") -> str:
    return f"load-{number % OWNERS}:{label}bytes-{record_bytes}-{number}"


def _fitting(record_bytes: int) -> int:
    return max(1, MOST_BYTES // record_bytes)


def _length(size: int) -> bytes:
    """Return a length as protobuf's varint."""
    encoded = bytearray()
    while size >= 0x80:
        encoded.append(size & 0x7F | 0x80)
        size >>= 7
    encoded.append(size)
    return bytes(encoded)
