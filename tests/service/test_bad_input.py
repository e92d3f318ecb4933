"""Bad input gets the documented code and reason, and changes nothing."""

from collections.abc import AsyncIterator

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from pannier.v1 import storage_pb2 as pb
from pannier.v1.storage_pb2_grpc import StorageBackendStub
from pannier_server.app import running_sidecar
from pannier_server.backends.memory import MemoryBackend
from pannier_server.config import Settings
from tests.sidecars import LOOPBACK, channel_to, sidecar_stub
from tests.statuses import failure_of

YEAR_300000 = Timestamp(seconds=9_404_000_000_000)
SERVICE = "/pannier.v1.StorageBackend/"


@pytest.fixture
async def stub() -> AsyncIterator[StorageBackendStub]:
    async with sidecar_stub(MemoryBackend()) as connected:
        await connected.Put(pb.PutRequest(key="o:kept", data=b"kept"))
        yield connected


WRITES = [
    ("KEY_INVALID", pb.PutRequest(key="no colon")),
    ("KEY_INVALID", pb.PutRequest(key="")),
    ("KEY_INVALID", pb.PutRequest(key=":name")),
    ("KEY_INVALID", pb.PutRequest(key="o:")),
    ("KEY_INVALID", pb.PutRequest(key="o" * 2_043 + ":n")),
    ("KEY_INVALID", pb.PutRequest(key="o:" + "n" * 1_020)),
    ("KEY_INVALID", pb.PutRequest(key="o:" + "\N{GRINNING FACE}" * 255)),
    ("DATA_TOO_LARGE", pb.PutRequest(key="o:kept", data=b"x" * 1_000_000)),
    ("DATA_TOO_LARGE", pb.PutRequest(key="o:kept", data=b"x" * (350 * 1024 + 1))),
    ("EXPIRE_TIME_INVALID", pb.PutRequest(key="o:kept", expire_time=YEAR_300000)),
    ("EXPIRE_TIME_INVALID", pb.PutRequest(key="o:kept", expire_time=Timestamp(nanos=-1))),
    (
        "EXPIRE_TIME_INVALID",
        pb.PutRequest(key="o:kept", expire_time=Timestamp(nanos=1_000_000_000)),
    ),
    (
        "EXPIRE_TIME_INVALID",
        pb.PutRequest(key="o:kept", expire_time=Timestamp(seconds=-62_135_596_801)),
    ),
    (
        "EXPIRE_TIME_INVALID",
        pb.PutRequest(key="o:kept", expire_time=Timestamp(seconds=253_402_300_799, nanos=1)),
    ),
    ("REQUEST_ID_INVALID", pb.PutRequest(key="o:kept", request_id="7")),
    (
        "REQUEST_ID_INVALID",
        pb.PutRequest(key="o:kept", request_id="00000000-0000-0000-0000-000000000000"),
    ),
    ("KEY_INVALID", pb.PutIfVersionRequest(key="no colon")),
    (
        "EXPECTED_VERSION_INVALID",
        pb.PutIfVersionRequest(key="o:kept", expected_version=2**63),
    ),
    ("ETAG_INVALID", pb.PutIfVersionRequest(key="o:kept", expected_version=1, etag="x")),
    ("ETAG_INVALID", pb.PutIfVersionRequest(key="o:kept", expected_version=1, etag="2-a")),
    ("ETAG_INVALID", pb.PutIfVersionRequest(key="o:kept", etag="1-a")),
    ("ETAG_INVALID", pb.PutIfVersionRequest(key="o:kept", expected_version=1, etag="1" * 99)),
    ("KEY_INVALID", pb.DeleteRequest(key="no colon")),
    ("EXPECTED_VERSION_INVALID", pb.DeleteRequest(key="o:kept", expected_version=0)),
    ("EXPECTED_VERSION_INVALID", pb.DeleteRequest(key="o:kept", expected_version=2**63)),
    ("ETAG_INVALID", pb.DeleteRequest(key="o:kept", etag="01-a")),
    ("ETAG_INVALID", pb.DeleteRequest(key="o:kept", expected_version=2, etag="1-a")),
    ("PREFIX_INVALID", pb.CleanupExpiredRequest(prefix="no colon")),
    ("PREFIX_INVALID", pb.CleanupExpiredRequest(prefix=":name")),
]

READS = [
    ("KEY_INVALID", pb.GetRequest(key="no colon")),
    ("KEY_INVALID", pb.GetRequest(key="o:")),
    ("MESSAGE_INVALID", pb.GetRequest(key="o:kept", consistency=7)),  # type: ignore[arg-type]
    ("PREFIX_INVALID", pb.ListByPrefixRequest(prefix="no colon")),
    ("PREFIX_INVALID", pb.ListByPrefixRequest(prefix="")),
    ("PREFIX_INVALID", pb.ListByPrefixRequest(prefix=":")),
    ("PREFIX_INVALID", pb.ListByPrefixRequest(prefix="o:" + "n" * 1_020)),
    ("PAGE_SIZE_INVALID", pb.ListByPrefixRequest(prefix="o:", page_size=-1)),
    ("PAGE_TOKEN_INVALID", pb.ListByPrefixRequest(prefix="o:", page_token="bad")),
    ("PAGE_TOKEN_INVALID", pb.ListByPrefixRequest(prefix="o:", page_token="!?")),
    ("PAGE_TOKEN_INVALID", pb.ListByPrefixRequest(prefix="o:", page_token="é")),
    ("MESSAGE_INVALID", pb.ListByPrefixRequest(prefix="o:", order=9)),  # type: ignore[arg-type]
]


def rpc(request: object) -> str:
    return type(request).__name__.removesuffix("Request")


async def call(stub: StorageBackendStub, request: object) -> object:
    method = getattr(stub, rpc(request))
    if rpc(request) == "ListByPrefix":
        return [page async for page in method(request)]
    return await method(request)


@pytest.mark.parametrize(
    ("reason", "request_"), WRITES, ids=[f"{rpc(r)}-{reason}" for reason, r in WRITES]
)
async def test_a_bad_write_is_refused_and_changes_nothing(
    stub: StorageBackendStub, reason: str, request_: object
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(stub, request_)
    failure = failure_of(caught.value)
    assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
    assert failure.write_outcome == "not_applied"
    kept = await stub.Get(pb.GetRequest(key="o:kept"))
    assert (kept.record.data, kept.record.version) == (b"kept", 1)


@pytest.mark.parametrize(
    ("reason", "request_"), READS, ids=[f"{rpc(r)}-{reason}" for reason, r in READS]
)
async def test_a_bad_read_is_refused(
    stub: StorageBackendStub, reason: str, request_: object
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(stub, request_)
    failure = failure_of(caught.value)
    assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
    assert failure.write_outcome is None


async def test_data_that_is_too_large_is_answered_with_both_sizes(
    stub: StorageBackendStub,
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Put(pb.PutRequest(key="o:kept", data=b"x" * 1_000_000))
    expected = pb.DataTooLarge(actual_bytes=1_000_000, limit_bytes=350 * 1024)
    assert failure_of(caught.value).details == [expected]


async def test_messages_repeat_neither_key_nor_data(stub: StorageBackendStub) -> None:
    for _, request in (*WRITES, *READS):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(stub, request)
        assert "kept" not in str(failure_of(caught.value))
        assert len(str(caught.value.trailing_metadata())) < 4096


@pytest.mark.parametrize(
    "method", ["Get", "Put", "PutIfVersion", "Delete", "ListByPrefix", "CleanupExpired"]
)
@pytest.mark.parametrize(
    "message", [b"\xff\xff\xff", b"\x0a\x04o:\xff\xfe"], ids=["garbage", "invalid UTF-8"]
)
async def test_a_message_that_is_no_protobuf_is_refused_with_a_typed_error(
    method: str, message: bytes
) -> None:
    settings = Settings(store="memory:", listen=LOOPBACK)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        send: grpc.aio.UnaryStreamMultiCallable[bytes, bytes]
        send = channel.unary_stream(SERVICE + method)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await send(message).read()
    failure = failure_of(caught.value)
    assert (failure.code, failure.reason) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "MESSAGE_INVALID",
    )


@pytest.mark.parametrize("expire_seconds", [0, -1, 253_402_300_799, -62_135_596_800])
async def test_any_time_of_the_years_1_to_9999_is_accepted(
    stub: StorageBackendStub, expire_seconds: int
) -> None:
    time = Timestamp(seconds=expire_seconds)
    answer = await stub.Put(pb.PutRequest(key="o:timed", expire_time=time))
    assert answer.expire_time == time


async def test_an_upper_case_request_id_is_the_same_as_a_lower_case_one(
    stub: StorageBackendStub,
) -> None:
    request_id = "2F1C7A52-7D0B-4F0E-9D3A-0D6F6A8F2C11"
    first = await stub.Put(pb.PutRequest(key="o:n", request_id=request_id))
    again = await stub.Put(pb.PutRequest(key="o:n", request_id=request_id.lower()))
    assert again == first
