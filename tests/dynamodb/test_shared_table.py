"""The table is shared with task stores that know nothing of us, and we with them."""

from collections.abc import AsyncIterator

import grpc
import pytest

from pannier.v1 import storage_pb2 as pb
from pannier.v1.storage_pb2_grpc import StorageBackendStub
from pannier_server.backends.dynamodb.backend import DynamoDBBackend
from tests.engines.table import Table
from tests.sidecars import sidecar_stub
from tests.statuses import failure_of

FUTURE = 4_102_444_800  # 2100


@pytest.fixture
async def stub(backend: DynamoDBBackend) -> AsyncIterator[StorageBackendStub]:
    async with sidecar_stub(backend) as connected:
        yield connected


def write_task(table: Table, owner: str, name: str, **changes: object) -> None:
    """Write a row as existing task stores do: keys, version, data, at times expires_at."""
    item = {
        "PK": {"S": f"OWNER#{owner}"},
        "SK": {"S": f"TASK#{name}"},
        "version": {"N": "1"},
        "data": {"S": '{"status": "working"}'},
        **changes,
    }
    table.client().put_item(TableName=table.name, Item=item)  # type: ignore[arg-type]


def stored(table: Table, owner: str, name: str) -> dict[str, object]:
    key = {"PK": {"S": f"OWNER#{owner}"}, "SK": {"S": f"TASK#{name}"}}
    answer = table.client().get_item(TableName=table.name, Key=key, ConsistentRead=True)
    return dict(answer["Item"])


async def test_their_rows_are_read_and_listed(
    stub: StorageBackendStub, dynamodb_table: Table, owner: str
) -> None:
    write_task(dynamodb_table, owner, "plain")
    write_task(dynamodb_table, owner, "timed", expires_at={"N": str(FUTURE)})
    record = (await stub.Get(pb.GetRequest(key=f"{owner}:plain"))).record
    assert (record.data, record.version) == (b'{"status": "working"}', 1)
    assert record.etag
    assert not record.HasField("expire_time")
    (page,) = [p async for p in stub.ListByPrefix(pb.ListByPrefixRequest(prefix=f"{owner}:"))]
    assert [r.key for r in page.records] == [f"{owner}:plain", f"{owner}:timed"]
    assert page.records[1].expire_time.seconds == FUTURE


async def test_their_rows_are_updated_by_version_and_etag_and_conflict(
    stub: StorageBackendStub, dynamodb_table: Table, owner: str
) -> None:
    write_task(dynamodb_table, owner, "n")
    record = (await stub.Get(pb.GetRequest(key=f"{owner}:n"))).record
    request = pb.PutIfVersionRequest(
        key=record.key, data=b"{}", expected_version=1, etag=record.etag
    )
    assert (await stub.PutIfVersion(request)).version == 2
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.PutIfVersion(
            pb.PutIfVersionRequest(key=record.key, expected_version=1, etag=record.etag)
        )
    failure = failure_of(caught.value)
    assert failure.reason == "VERSION_CONFLICT"
    (conflict,) = failure.details
    assert isinstance(conflict, pb.VersionConflict)
    assert (conflict.expected_version, conflict.actual_version) == (1, 2)


async def test_a_whole_row_write_of_theirs_over_ours_is_a_conflict_for_us(
    stub: StorageBackendStub, dynamodb_table: Table, owner: str
) -> None:
    ours = await stub.Put(pb.PutRequest(key=f"{owner}:n", data=b"{}"))
    write_task(dynamodb_table, owner, "n")  # version 1 again, and our write id is gone
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.PutIfVersion(
            pb.PutIfVersionRequest(key=f"{owner}:n", expected_version=1, etag=ours.etag)
        )
    assert failure_of(caught.value).reason == "VERSION_CONFLICT"


async def test_our_rows_have_their_attributes_and_ours_and_no_other(
    stub: StorageBackendStub, dynamodb_table: Table, owner: str
) -> None:
    request = pb.PutRequest(key=f"{owner}:n", data="text é".encode())
    request.expire_time.seconds = FUTURE
    await stub.Put(request)
    row = stored(dynamodb_table, owner, "n")
    write_id = row.pop("write_id")
    assert isinstance(write_id, dict)
    assert row == {
        "PK": {"S": f"OWNER#{owner}"},
        "SK": {"S": "TASK#n"},
        "version": {"N": "1"},
        "data": {"S": "text é"},
        "expires_at": {"N": str(FUTURE)},
        "prev_write_id": {"S": "-"},
    }
    await stub.Put(pb.PutRequest(key=f"{owner}:n", data=b"\xff"))
    row = stored(dynamodb_table, owner, "n")
    assert set(row) == {"PK", "SK", "version", "data", "write_id", "prev_write_id"}
    assert row["data"] == {"B": b"\xff"}
    assert row["prev_write_id"] == write_id


async def test_attributes_that_we_do_not_know_stay(
    stub: StorageBackendStub, dynamodb_table: Table, owner: str
) -> None:
    write_task(dynamodb_table, owner, "n", note={"S": "theirs"}, tags={"SS": ["a", "b"]})
    await stub.Put(pb.PutRequest(key=f"{owner}:n", data=b"new"))
    row = stored(dynamodb_table, owner, "n")
    assert (row["note"], row["tags"]) == ({"S": "theirs"}, {"SS": ["a", "b"]})


async def test_a_row_that_is_not_under_a_record_prefix_is_not_listed(
    stub: StorageBackendStub, dynamodb_table: Table, owner: str
) -> None:
    for sort_key in ("META#n", "TASK", "TASL#n"):
        item = {"PK": {"S": f"OWNER#{owner}"}, "SK": {"S": sort_key}}
        dynamodb_table.client().put_item(TableName=dynamodb_table.name, Item=item)
    pages = [p async for p in stub.ListByPrefix(pb.ListByPrefixRequest(prefix=f"{owner}:"))]
    assert pages == [pb.ListByPrefixResponse()]


@pytest.mark.parametrize(
    ("expires_at", "expected"),
    [("100.5", None), (f"{FUTURE}.5", FUTURE + 1), (f"{FUTURE}000", 253_402_300_799)],
    ids=["a past fraction", "a fraction", "milliseconds"],
)
async def test_their_numbers_for_expiry_are_taken_as_seconds(
    stub: StorageBackendStub,
    dynamodb_table: Table,
    owner: str,
    expires_at: str,
    expected: int | None,
) -> None:
    write_task(dynamodb_table, owner, "n", expires_at={"N": expires_at})
    if expected is None:
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.Get(pb.GetRequest(key=f"{owner}:n"))
    else:
        record = (await stub.Get(pb.GetRequest(key=f"{owner}:n"))).record
        assert record.expire_time.seconds == expected
