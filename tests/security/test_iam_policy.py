"""The policies in docs/security.md allow exactly the calls that are made to DynamoDB."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import grpc
import pytest

from pannier_server.app import running_sidecar
from pannier_server.backends.dynamodb.layout import parse_dynamodb_url
from pannier_server.backends.dynamodb.table import check_table, create_table
from pannier_server.backends.errors import StorageError
from pannier_server.backends.store_url import parse_store_url
from pannier_server.config import Settings
from tests.engines.table import Table
from tests.engines.table import create_table as create_test_table
from tests.faults.proxy import fault_proxy
from tests.moving.commands import run as run_pannier
from tests.security.calls import ACTIONS, call, request_to, storage_path
from tests.security.policies import policy
from tests.sidecars import LOOPBACK, channel_to, eventually

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "server" / "pannier_server" / "backends" / "dynamodb"


def code_in(folder: Path) -> str:
    return "".join(file.read_text() for file in sorted(folder.glob("*.py")))


async def test_a_sidecar_makes_the_calls_that_its_policy_allows_and_no_others(
    dynamodb_table: Table,
) -> None:
    if dynamodb_table.endpoint is None:
        pytest.skip("it watches the calls to an engine of its own")
    async with fault_proxy(dynamodb_table.endpoint) as proxy:
        store = replace(dynamodb_table, endpoint=proxy.endpoint).store_url
        settings = Settings(store=store, listen=LOOPBACK, grace=1.0)
        async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
            for method in ACTIONS:
                request = request_to(method, "iam-policy").SerializeToString()
                answer = await call(channel, storage_path(method), request)
                assert answer.code in {grpc.StatusCode.OK, grpc.StatusCode.NOT_FOUND}

            async def is_checked() -> bool:
                return "DescribeTimeToLive" in proxy.journal.operations()

            await eventually(is_checked)
    assert set(proxy.journal.operations()) == policy("Serving")


def test_the_backend_names_the_operations_of_its_policy_and_no_others(
    dynamodb_table: Table,
) -> None:
    code = code_in(SOURCE)
    operations = dynamodb_table.client().meta.service_model.operation_names

    assert {name for name in operations if f'"{name}"' in code} == policy("Serving")


def test_the_table_commands_name_the_operations_of_their_policies_and_no_others(
    dynamodb_table: Table,
) -> None:
    operations = dynamodb_table.client().meta.method_to_api_mapping
    methods = re.findall(r"client\.(\w+)\(", code_in(SOURCE / "table"))
    # A waiter waits by describing the table.
    named = {operations[method] for method in methods if method != "get_waiter"}

    assert named == policy("pannier table create")
    reads = {operation for operation in named if operation.startswith("Describe")}
    assert reads == policy("pannier table check")


@pytest.mark.parametrize(
    ("heading", "work"),
    [("pannier table check", check_table), ("pannier table create", create_table)],
)
async def test_a_table_command_makes_only_calls_that_its_policy_allows(
    dynamodb_table: Table, heading: str, work: object
) -> None:
    if dynamodb_table.endpoint is None:
        pytest.skip("it watches the calls to an engine of its own")
    async with fault_proxy(dynamodb_table.endpoint) as proxy:
        table = replace(dynamodb_table, name="pannier_iam_policy", endpoint=proxy.endpoint)
        location = parse_dynamodb_url(parse_store_url(table.store_url))
        assert callable(work)
        try:
            await asyncio.to_thread(work, location)
        except StorageError:
            # The check of a table that is not there yet: the first call says so.
            assert heading == "pannier table check"
    assert proxy.journal.operations()
    assert set(proxy.journal.operations()) <= policy(heading)


def test_copying_records_names_the_operations_of_its_policies_and_no_others(
    dynamodb_table: Table,
) -> None:
    code = code_in(SOURCE / "transfer")
    operations = dynamodb_table.client().meta.service_model.operation_names

    named = {name for name in operations if f'"{name}"' in code}
    assert named == policy("pannier export") | policy("pannier import")


async def test_an_export_and_an_import_make_the_calls_that_their_policies_allow_and_no_others(
    dynamodb_table: Table, tmp_path: Path
) -> None:
    if dynamodb_table.endpoint is None:
        pytest.skip("it watches the calls to an engine of its own")
    made: dict[str, set[str]] = {}
    table = create_test_table(replace(dynamodb_table, name=f"pannier_{uuid4().hex}"))
    row = {
        "PK": {"S": "OWNER#demo"},
        "SK": {"S": "TASK#a"},
        "version": {"N": "1"},
        "data": {"S": ""},
    }
    table.client().put_item(TableName=table.name, Item=row)
    async with fault_proxy(dynamodb_table.endpoint) as proxy:
        store = replace(table, endpoint=proxy.endpoint).store_url
        exported = tmp_path / "exported.jsonl"
        for *command, heading in (
            ["export", "--owner", "demo", "pannier export"],
            ["export", "--output", str(exported), "pannier export"],
            ["import", "--input", str(exported), "pannier import"],
            ["import", "--input", str(exported), "--dry-run", "pannier import"],
        ):
            before = len(proxy.journal.operations())
            done = await asyncio.to_thread(run_pannier, *command, "--store", store)
            assert done.code == 0, done.errors
            calls = proxy.journal.operations()[before:]
            made.setdefault(heading, set()).update(calls)
        assert made["pannier export"] == policy("pannier export")
        assert made["pannier import"] == policy("pannier import")
