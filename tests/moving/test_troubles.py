"""DynamoDB on a bad day: throttled, refusing, away, and answers that are lost."""

import asyncio
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pannier_server.backends.contract import Key
from pannier_server.backends.transfer import RecordCopy
from pannier_server.cli.exit_codes import ExitCode
from tests.dynamodb.wire.http_server import refuse, serving
from tests.engines.process import free_port
from tests.engines.table import Table
from tests.faults.kinds import Fault
from tests.faults.proxy import fault_proxy
from tests.faults.schedules import Scripted
from tests.faults.throttle import Throttle
from tests.moving.commands import COMMAND, Outcome, run
from tests.moving.stores import content_of, fill_store, hostile_records, plain_records
from tests.moving.test_import_command import export_of
from tests.sidecars import eventually

ANSWER_FAULTS = [Fault.LOST_ANSWER, Fault.FAILED_AFTER, Fault.LOST_REQUEST, Fault.UNAVAILABLE]


async def run_beside(*arguments: str, stdin: bytes = b"") -> Outcome:
    """Run a command while this process serves what it talks to."""
    return await asyncio.to_thread(run, *arguments, stdin=stdin)


def through(table: Table, endpoint: str) -> str:
    """Return the URL of a table behind another endpoint."""
    return replace(table, endpoint=endpoint).store_url


async def test_a_throttled_table_slows_an_import_down_and_stops_nothing(table: Table) -> None:
    assert table.endpoint is not None
    copies = list(plain_records(120, 300))
    async with fault_proxy(table.endpoint) as proxy:
        # Fewer at once than the import's first requests.
        proxy.throttle = Throttle(60.0, burst=5.0)
        store = through(table, proxy.endpoint)
        done = await run_beside("import", "--store", store, stdin=export_of(*copies))
        assert proxy.throttle.refused
    assert (done.code, done.output) == (0, b"120 records: 120 written\n"), done.errors
    assert await asyncio.to_thread(content_of, table.store_url) == {
        copy.key: copy for copy in copies
    }


async def test_lost_answers_are_no_conflicts(table: Table) -> None:
    assert table.endpoint is not None
    copies = hostile_records(300)
    schedule = Scripted([None, *ANSWER_FAULTS] * 8)
    async with fault_proxy(table.endpoint, schedule) as proxy:
        store = through(table, proxy.endpoint)
        done = await run_beside("import", "--store", store, stdin=export_of(*copies))
    assert (done.code, done.output) == (0, b"300 records: 300 written\n"), done.errors
    assert await asyncio.to_thread(content_of, table.store_url) == {
        copy.key: copy for copy in copies
    }


async def test_an_export_goes_on_through_faults(table: Table) -> None:
    assert table.endpoint is not None
    copies = hostile_records(1_000)
    await asyncio.to_thread(fill_store, table.store_url, copies)
    faults = [Fault.THROTTLED_TABLE, Fault.LOST_ANSWER, Fault.UNAVAILABLE, None]
    async with fault_proxy(table.endpoint, Scripted(faults * 2)) as proxy:
        done = await run_beside("export", "--store", through(table, proxy.endpoint))
    assert (done.code, done.errors) == (0, "exported 1,000 records\n")


@pytest.mark.parametrize(
    ("command", "operation"),
    [
        (["export"], "Scan"),
        (["export", "--owner", "demo"], "Query"),
        (["import"], "UpdateItem"),
        (["import", "--dry-run"], "GetItem"),
    ],
)
async def test_a_missing_permission_is_named(command: list[str], operation: str) -> None:
    copy = RecordCopy(Key("demo", "a"), b"x", 1, None)
    async with serving() as server:
        server.otherwise = refuse("AccessDeniedException", "User: x is not authorized")
        store = f"dynamodb://tasks?region=us-east-1&endpoint={server.url}"
        done = await run_beside(*command, "--store", store, stdin=export_of(copy))
    assert done.code == ExitCode.FAILED
    assert f"allow dynamodb:{operation} on the table" in done.errors
    assert done.errors.count("\n") == 1


@pytest.mark.parametrize("command", ["export", "import"])
async def test_a_store_that_stays_away_is_given_up(command: str) -> None:
    store = f"dynamodb://tasks?region=us-east-1&endpoint=http://127.0.0.1:{free_port()}"
    copy = RecordCopy(Key("demo", "a"), b"x", 1, None)
    done = await run_beside(command, "--store", store, "--timeout", "500ms", stdin=export_of(copy))
    assert done.code == ExitCode.TRY_AGAIN
    assert done.errors.count("\n") == 1


@pytest.mark.parametrize("command", ["export", "import"])
async def test_a_table_that_is_not_there_is_named(table: Table, command: str) -> None:
    store = replace(table, name="pannier_no_such_table").store_url
    copy = RecordCopy(Key("demo", "a"), b"x", 1, None)
    done = await run_beside(command, "--store", store, stdin=export_of(copy))
    assert done.code == ExitCode.FAILED
    assert "pannier table create" in done.errors


@pytest.fixture
def copies() -> list[RecordCopy]:
    return list(plain_records(600, 300))


@pytest.fixture
def whole(exported: Path, copies: list[RecordCopy]) -> Path:
    exported.write_bytes(export_of(*copies))
    return exported


async def test_ctrl_c_ends_an_import_which_can_be_resumed(
    table: Table, whole: Path, copies: list[RecordCopy]
) -> None:
    assert table.endpoint is not None
    async with fault_proxy(table.endpoint, operations_per_second=300) as proxy:
        store = through(table, proxy.endpoint)
        arguments = ("import", "--store", store, "--input", str(whole))
        process = await asyncio.create_subprocess_exec(
            *COMMAND, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

        async def has_written() -> bool:
            return proxy.throttle is not None and proxy.throttle.granted > 50

        await eventually(has_written)
        process.send_signal(signal.SIGINT)
        printed, errors = await process.communicate()
    assert process.returncode == ExitCode.INTERRUPTED
    assert printed == b""
    assert b"interrupted; go on with the same command and --resume\n" in errors
    store = table.store_url
    done = await run_beside("import", "--store", store, "--input", str(whole), "--resume")
    assert done.code == 0
    assert done.output.startswith(b"600 records: ")
    assert await asyncio.to_thread(content_of, table.store_url) == {
        copy.key: copy for copy in copies
    }
