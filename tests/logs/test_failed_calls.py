"""Each failed call is a line that says how it ended, and nothing about whose data it was."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import grpc
import pytest

from pannier.v1 import storage_pb2 as pb
from pannier.v1.storage_pb2_grpc import StorageBackendStub
from pannier_server.app import running_sidecar
from pannier_server.backends import errors
from pannier_server.backends.errors import WriteOutcome
from pannier_server.backends.memory import MemoryBackend
from pannier_server.config import Settings
from tests.failing_backends import FailingBackend, WaitingBackend
from tests.security.auth_files import AuthFileOnDisk, Caller
from tests.sidecars import LOOPBACK, channel_to, sidecar_stub

REQUEST_ID = "2F1C7A52-7d0b-4f0e-9d3a-0d6f6a8f2c11"
LOGGER = "pannier_server.service.failure_log"


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Have everything logged."""
    with caplog.at_level(logging.DEBUG, LOGGER):
        yield


def lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [one for one in caplog.records if one.name == LOGGER]


def fields(record: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = record.fields  # type: ignore[attr-defined]
    return found


async def fail(method: Any, request: Any, **more: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await method(request, **more)


async def until_there(caplog: pytest.LogCaptureFixture, count: int = 1) -> None:
    """Wait for lines about calls whose caller does not wait for their end."""
    async with asyncio.timeout(30):
        while len(lines(caplog)) < count:  # noqa: ASYNC110 (nothing announces it)
            await asyncio.sleep(0.005)


async def test_a_failed_write_says_how_it_ended(
    transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    error = errors.StoreUnavailable("DynamoDB does\nnot answer", write_outcome=WriteOutcome.UNKNOWN)
    async with sidecar_stub(FailingBackend(error), transport=transport) as stub:
        await fail(stub.Put, pb.PutRequest(key="o:n", data=b"d", request_id=REQUEST_ID))

    (line,) = lines(caplog)
    assert line.levelname == "WARNING"
    seconds = fields(line).pop("duration_seconds")
    assert 0 < seconds < 60
    assert fields(line) == {
        "event": "call_failed",
        "rpc_method": "Put",
        "rpc_response_status_code": "UNAVAILABLE",
        "error_type": "STORE_UNAVAILABLE",
        "network_transport": "tcp",
        "problem": "DynamoDB does not answer",
        "write_outcome": "unknown",
        "request_id": REQUEST_ID.lower(),
    }
    assert line.getMessage() == (
        f"Put failed after {seconds:.3f} s with UNAVAILABLE (STORE_UNAVAILABLE, "
        f"write_outcome=unknown, request_id={REQUEST_ID.lower()}): DynamoDB does not answer"
    )


async def test_a_call_that_succeeds_is_no_line(
    transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with sidecar_stub(MemoryBackend(), transport=transport) as stub:
        await stub.Put(pb.PutRequest(key="o:n"))
        await stub.Get(pb.GetRequest(key="o:n"))
        assert [page async for page in stub.ListByPrefix(pb.ListByPrefixRequest(prefix="o:"))]

    assert lines(caplog) == []


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (errors.RecordNotFound("m"), "DEBUG"),
        (errors.RecordExists("m"), "DEBUG"),
        (errors.VersionMismatch(expected_version=1, actual_version=2, actual_etag="e"), "DEBUG"),
        (errors.KeyTooLong("m"), "INFO"),
        (errors.DataTooLarge(actual_bytes=2, limit_bytes=1), "INFO"),
        (errors.Throttled("m", retry_delay=1), "WARNING"),
        (errors.Overloaded("m", retry_delay=1), "WARNING"),
        (errors.TableMissing("m"), "WARNING"),
        (errors.StoreUnavailable("m"), "WARNING"),
        (errors.DeadlineExceeded("m"), "WARNING"),
        (errors.RecordCorrupt("m"), "ERROR"),
        (errors.StorageError("m"), "ERROR"),
        (ValueError("m"), "ERROR"),
    ],
)
async def test_the_level_follows_from_whose_affair_it_is(
    error: Exception, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with sidecar_stub(FailingBackend(error)) as stub:
        await fail(stub.Get, pb.GetRequest(key="o:n"))

    assert [line.levelname for line in lines(caplog)] == [level]


async def test_a_bug_comes_with_where_it_is(caplog: pytest.LogCaptureFixture) -> None:
    async with sidecar_stub(FailingBackend(ValueError("a secret"))) as stub:
        await fail(stub.Put, pb.PutRequest(key="o:n"))

    (line,) = lines(caplog)
    assert line.exc_info is not None
    assert "a secret" in str(line.exc_info[1])
    assert "secret" not in line.getMessage()


async def test_a_request_that_cannot_be_read_is_a_line(
    transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(store="memory:", listen=LOOPBACK, grace=1.0, transport=transport)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        await fail(channel.unary_unary("/pannier.v1.StorageBackend/Put"), b"\xff")

    (line,) = lines(caplog)
    assert line.levelname == "INFO"
    assert fields(line)["error_type"] == "MESSAGE_INVALID"
    assert fields(line)["write_outcome"] == "not_applied"
    assert "request_id" not in fields(line)


async def test_a_text_that_is_no_request_id_is_not_repeated(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with sidecar_stub(MemoryBackend()) as stub:
        await fail(stub.Put, pb.PutRequest(key="o:n", request_id="a secret"))

    (line,) = lines(caplog)
    assert fields(line)["error_type"] == "REQUEST_ID_INVALID"
    assert "a secret" not in f"{line.getMessage()} {fields(line)}"


async def test_whoever_is_known_is_named(
    transport: str, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caller = Caller("billing", [("theirs", "read")])
    auth_file = AuthFileOnDisk(tmp_path)
    auth_file.write(caller)
    settings = Settings(
        store="memory:", listen=LOOPBACK, grace=1.0, transport=transport, auth=str(auth_file)
    )
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        stub: Any = StorageBackendStub(channel)  # type: ignore[no-untyped-call]
        metadata = (("authorization", f"Bearer {caller.token}"),)
        await fail(stub.Get, pb.GetRequest(key="others:n"), metadata=metadata)
        await fail(stub.Get, pb.GetRequest(key="others:n"))

    known, unknown = map(fields, lines(caplog))
    assert (known["error_type"], known["identity"]) == ("PERMISSION_DENIED", "billing")
    assert unknown["error_type"] == "UNAUTHENTICATED"
    assert "identity" not in unknown


async def test_a_write_that_its_caller_gives_up_is_a_line(
    transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    backend = WaitingBackend()
    async with sidecar_stub(backend, transport=transport) as stub:
        call = stub.Put(pb.PutRequest(key="o:n"))
        await backend.asked.wait()
        call.cancel()
        await until_there(caplog)

    (line,) = lines(caplog)
    assert line.levelname == "DEBUG"
    assert fields(line)["rpc_response_status_code"] == "CANCELLED"
    assert fields(line)["write_outcome"] == "unknown"


async def test_a_call_whose_deadline_passes_is_a_line(
    transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with sidecar_stub(WaitingBackend(), transport=transport) as stub:
        await fail(stub.Put, pb.PutRequest(key="o:n"), timeout=0.2)
        await until_there(caplog)

    (line,) = lines(caplog)
    assert line.levelname == "WARNING"
    assert fields(line)["rpc_response_status_code"] == "DEADLINE_EXCEEDED"
    assert fields(line)["write_outcome"] == "unknown"


async def test_a_list_that_its_reader_leaves_is_a_line(
    transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    backend = WaitingBackend()
    async with sidecar_stub(backend, transport=transport) as stub:
        pages = stub.ListByPrefix(pb.ListByPrefixRequest(prefix="o:"))
        reading = asyncio.ensure_future(pages.read())
        await backend.asked.wait()
        pages.cancel()
        await asyncio.wait({reading})
        await until_there(caplog)

    (line,) = lines(caplog)
    assert fields(line)["rpc_method"] == "ListByPrefix"
    assert fields(line)["rpc_response_status_code"] == "CANCELLED"


@asynccontextmanager
async def limited_to(per_second: int) -> AsyncIterator[Any]:
    error = errors.StoreUnavailable("m")
    async with sidecar_stub(FailingBackend(error), log_failed_calls=per_second) as stub:
        yield stub


async def test_a_flood_of_failures_is_a_few_lines_and_a_count(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with limited_to(3) as stub:
        for _ in range(40):
            await fail(stub.Get, pb.GetRequest(key=f"o:{uuid4()}"))

    told = lines(caplog)
    counts = [line for line in told if fields(line)["event"] == "failed_calls_left_out"]
    shown = [line for line in told if fields(line)["event"] == "call_failed"]
    # The end of the sidecar ends the second.
    assert len(shown) + sum(fields(line)["left_out_count"] for line in counts) == 40
    assert len(shown) == 3 * len(counts)
    assert fields(counts[0]) == {
        "event": "failed_calls_left_out",
        "rpc_method": "Get",
        "rpc_response_status_code": "UNAVAILABLE",
        "error_type": "STORE_UNAVAILABLE",
        "left_out_count": fields(counts[0])["left_out_count"],
    }
    assert counts[0].levelname == "WARNING"
    assert (
        counts[0]
        .getMessage()
        .endswith("more calls of Get failed with UNAVAILABLE (STORE_UNAVAILABLE) within a second")
    )


async def test_another_rpc_is_not_left_out_for_it(caplog: pytest.LogCaptureFixture) -> None:
    async with limited_to(1) as stub:
        for _ in range(5):
            await fail(stub.Get, pb.GetRequest(key="o:n"))
        await fail(stub.Put, pb.PutRequest(key="o:n"))

    shown = [fields(line) for line in lines(caplog)]
    assert [one["event"] for one in shown if one["rpc_method"] == "Put"] == ["call_failed"]


async def test_what_the_level_leaves_out_is_not_counted(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, LOGGER):
        async with sidecar_stub(MemoryBackend(), log_failed_calls=1) as stub:
            for _ in range(5):
                await fail(stub.Get, pb.GetRequest(key="o:n"))

    assert lines(caplog) == []
