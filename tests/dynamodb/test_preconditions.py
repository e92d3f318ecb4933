"""A store that needs someone's attention says what to do, by a typed error."""

import subprocess
import sys
from collections.abc import Mapping

import grpc
import pytest

from pannier.v1 import storage_pb2 as pb
from pannier.v1.storage_pb2_grpc import StorageBackendStub
from pannier_server.backends.registry import create_backend
from pannier_server.testing.records import Records
from tests.engines.dynamodb_local import Engine
from tests.engines.table import Table, create_table
from tests.sidecars import sidecar_process, sidecar_stub
from tests.statuses import Failure, failure_of


async def failures(stub: StorageBackendStub) -> list[Failure]:
    """Return how each of the RPCs ends."""
    found = []
    for call in (
        stub.Get(pb.GetRequest(key="o:n")),
        stub.Put(pb.PutRequest(key="o:n")),
        stub.PutIfVersion(pb.PutIfVersionRequest(key="o:n")),
        stub.PutIfVersion(pb.PutIfVersionRequest(key="o:n", expected_version=1)),
        stub.Delete(pb.DeleteRequest(key="o:n")),
        stub.Delete(pb.DeleteRequest(key="o:n", expected_version=1)),
        stub.CleanupExpired(pb.CleanupExpiredRequest(prefix="o:")),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        found.append(failure_of(caught.value))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ListByPrefix(pb.ListByPrefixRequest(prefix="o:")).read()
    return [*found, failure_of(caught.value)]


async def test_a_missing_table(dynamodb_engine: Engine) -> None:
    table = Table("pannier_missing", endpoint=dynamodb_engine.endpoint)
    async with sidecar_stub(create_backend(table.store_url)) as stub:
        for failure in await failures(stub):
            assert (failure.code.name, failure.reason) == ("FAILED_PRECONDITION", "TABLE_MISSING")
            assert "pannier table create" in failure.message
            assert failure.write_outcome in {None, "not_applied"}


@pytest.mark.parametrize(("partition_key", "sort_key"), [("id", "sort"), ("PK", "sort")])
async def test_a_table_with_other_keys(
    dynamodb_engine: Engine, partition_key: str, sort_key: str
) -> None:
    table = create_table(
        Table(f"pannier_{partition_key}_{sort_key}", endpoint=dynamodb_engine.endpoint),
        partition_key=partition_key,
        sort_key=sort_key,
    )
    async with sidecar_stub(create_backend(table.store_url)) as stub:
        for failure in await failures(stub):
            assert (failure.code.name, failure.reason) == (
                "FAILED_PRECONDITION",
                "TABLE_MISCONFIGURED",
            )
            assert "pannier table check" in failure.message


@pytest.mark.parametrize("ttl_attribute", [None, "ttl"])
async def test_a_table_whose_ttl_does_not_fit_is_warned_about(
    dynamodb_engine: Engine, caplog: pytest.LogCaptureFixture, ttl_attribute: str | None
) -> None:
    table = create_table(
        Table(f"pannier_expires_by_{ttl_attribute}", endpoint=dynamodb_engine.endpoint),
        ttl_attribute=ttl_attribute,
    )
    backend = create_backend(table.store_url)
    await backend.open()
    try:
        await backend.check(Records(backend, "owner").call())
    finally:
        await backend.close()
    assert "does not expire rows by its attribute expires_at" in caplog.text
    assert "`pannier table check` says what to do" in caplog.text


NO_CREDENTIALS: Mapping[str, str] = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}


async def test_no_credentials(dynamodb_engine: Engine) -> None:
    table = Table("pannier_missing", endpoint=dynamodb_engine.endpoint)
    with sidecar_process(table.store_url, environment=dict(NO_CREDENTIALS)) as sidecar:
        async with grpc.aio.insecure_channel(sidecar.address) as channel:
            stub = StorageBackendStub(channel)  # type: ignore[no-untyped-call]
            for failure in await failures(stub):
                assert (failure.code.name, failure.reason) == (
                    "FAILED_PRECONDITION",
                    "CREDENTIALS_MISSING",
                )
                assert "AWS_ACCESS_KEY_ID" in failure.message


async def test_a_key_longer_than_the_settings_leave_room_for(dynamodb_table: Table) -> None:
    separator = "&" if "?" in dynamodb_table.store_url else "?"
    url = f"{dynamodb_table.store_url}{separator}name_prefix=A_LONG_PREFIX%23"
    async with sidecar_stub(create_backend(url)) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Put(pb.PutRequest(key="o:" + "n" * 1_019))
    assert failure_of(caught.value).reason == "KEY_INVALID"


def test_with_plain_environment_credentials_botocore_is_not_imported(
    dynamodb_table: Table,
) -> None:
    script = f"""
import asyncio, sys
from pannier_server.backends.contract import Call, Key, Write
from pannier_server.backends.registry import create_backend
from pannier_server.testing.records import Records

async def main():
    backend = create_backend({dynamodb_table.store_url!r})
    await backend.open()
    call = Call(0, asyncio.get_running_loop().time() + 30)
    await backend.put(Key("o", "n"), Write(b"", None, "11111111-1111-4111-8111-111111111111"), call)
    await backend.close()

asyncio.run(main())
print(sorted(name for name in ("boto3", "botocore", "grpc") if name in sys.modules))
"""
    if dynamodb_table.endpoint is None:
        pytest.skip("a real table's credentials come from wherever its user keeps them")
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
