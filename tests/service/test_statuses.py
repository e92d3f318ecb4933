"""Each error of a backend has its code, its reason and its facts, in one place."""

import asyncio
import logging

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo

from pannier.v1 import storage_pb2 as pb
from pannier_server.backends import errors
from pannier_server.backends.contract import Call, Key, Write, Written
from pannier_server.backends.errors import StorageError, WriteOutcome
from pannier_server.backends.memory import MemoryBackend
from tests.failing_backends import FailingBackend
from tests.sidecars import sidecar_stub
from tests.statuses import Failure, failure_of

UNKNOWN = WriteOutcome.UNKNOWN


async def failures(error: Exception) -> tuple[Failure, Failure]:
    """Return how a read and a write end that fail with an error."""
    async with sidecar_stub(FailingBackend(error)) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as read:
            await stub.Get(pb.GetRequest(key="o:n"))
        with pytest.raises(grpc.aio.AioRpcError) as write:
            await stub.Put(pb.PutRequest(key="o:n"))
    return failure_of(read.value), failure_of(write.value)


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (errors.RecordNotFound("m"), "NOT_FOUND", "RECORD_NOT_FOUND"),
        (errors.RecordExists("m"), "ALREADY_EXISTS", "RECORD_EXISTS"),
        (errors.RecordCorrupt("m"), "DATA_LOSS", "RECORD_CORRUPT"),
        (errors.RequestIdReused("m"), "INVALID_ARGUMENT", "REQUEST_ID_REUSED"),
        (errors.KeyTooLong("m"), "INVALID_ARGUMENT", "KEY_INVALID"),
        (errors.StoreUnavailable("m"), "UNAVAILABLE", "STORE_UNAVAILABLE"),
        (errors.DeadlineExceeded("m"), "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"),
        (errors.TableMissing("m"), "FAILED_PRECONDITION", "TABLE_MISSING"),
        (errors.TableMisconfigured("m"), "FAILED_PRECONDITION", "TABLE_MISCONFIGURED"),
        (errors.AccessDenied("m"), "FAILED_PRECONDITION", "ACCESS_DENIED"),
        (errors.CredentialsMissing("m"), "FAILED_PRECONDITION", "CREDENTIALS_MISSING"),
        (errors.KeyServiceFailed("m"), "FAILED_PRECONDITION", "KEY_SERVICE"),
    ],
)
async def test_each_error_has_its_code_and_reason(
    error: StorageError, code: str, reason: str
) -> None:
    read, write = await failures(error)
    assert (read.code.name, read.reason, read.message) == (code, reason, "m")
    assert (write.code.name, write.reason, write.message) == (code, reason, "m")
    assert (read.write_outcome, write.write_outcome) == (None, "not_applied")


async def test_a_write_that_may_have_been_applied_says_so() -> None:
    _, write = await failures(errors.StoreUnavailable("m", write_outcome=UNKNOWN))
    assert write.write_outcome == "unknown"


async def test_a_conflict_carries_what_the_store_saw() -> None:
    error = errors.VersionMismatch(expected_version=3, actual_version=7, actual_etag="7-a")
    _, write = await failures(error)
    assert (write.code.name, write.reason) == ("ABORTED", "VERSION_CONFLICT")
    assert write.details == [
        pb.VersionConflict(expected_version=3, actual_version=7, actual_etag="7-a")
    ]


async def test_throttling_carries_the_delay_after_which_to_retry() -> None:
    _, write = await failures(errors.Throttled("m", retry_delay=0.25))
    assert (write.code.name, write.reason) == ("RESOURCE_EXHAUSTED", "THROTTLED")
    (retry,) = write.details
    assert isinstance(retry, RetryInfo)
    assert retry.retry_delay.ToMilliseconds() == 250


async def test_a_bug_is_internal_tells_nothing_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        read, write = await failures(ValueError("a secret"))
    assert (read.code.name, read.reason) == ("INTERNAL", "INTERNAL")
    assert write.write_outcome == "unknown"
    assert "secret" not in read.message
    assert "a secret" in caplog.text


async def test_an_etag_or_message_of_any_length_leaves_room_in_the_metadata() -> None:
    error = errors.VersionMismatch(
        expected_version=3, actual_version=7, actual_etag="7-" + "x" * 100_000
    )
    _, write = await failures(error)
    assert write.details == [pb.VersionConflict(expected_version=3, actual_version=7)]
    _, long = await failures(errors.StoreUnavailable("x" * 100_000))
    assert len(long.message) == 500


async def test_a_call_without_a_deadline_gets_the_servers_default() -> None:
    seen: list[float] = []

    class Recording(MemoryBackend):
        async def put(self, key: Key, write: Write, call: Call) -> Written:

            seen.append(call.deadline - asyncio.get_running_loop().time())
            return await super().put(key, write, call)

    async with sidecar_stub(Recording(), default_timeout=7.0) as stub:
        await stub.Put(pb.PutRequest(key="o:n"))
        await stub.Put(pb.PutRequest(key="o:n"), timeout=3.0)
    assert 6.0 < seen[0] <= 7.0
    assert 2.0 < seen[1] < 4.0
