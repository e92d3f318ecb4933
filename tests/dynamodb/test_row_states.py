"""Every expression against every state of a row that it must tell apart.

Each line of the table plants one row and says how each operation must end on it. The
operations run through the real expressions on a real engine.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import pytest

from pannier_server.backends.contract import (
    Call,
    Key,
    PageRequest,
    Prefix,
    Record,
    Write,
    Written,
)
from pannier_server.backends.dynamodb.backend import DynamoDBBackend
from pannier_server.backends.errors import StorageError, VersionMismatch
from tests.engines.table import Table

OWN = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
THIRD = "33333333-3333-4333-8333-333333333333"
DATA = "written"

OPERATIONS = (
    "get",
    "put",
    "create",
    "cas",
    "cas_etag",
    "cas_foreign_etag",
    "delete",
    "delete_version",
    "delete_etag",
    "list",
    "cleanup",
)


WRITES = {"put", "create", "cas", "cas_etag", "cas_foreign_etag"}


@dataclass(frozen=True)
class State:
    """A row, and how each of `OPERATIONS` ends on it."""

    name: str
    row: dict[str, Any] | None
    ends: str


LIVE, EXPIRED = "LIVE", "EXPIRED"


def row(**changes: Any) -> dict[str, Any]:
    """Return a live row at version 5 by another write, changed; None removes an attribute."""
    attributes: dict[str, Any] = {
        "version": {"N": "5"},
        "data": {"S": "old"},
        "expires_at": LIVE,
        "write_id": {"S": OTHER},
        "prev_write_id": {"S": THIRD},
        **changes,
    }
    return {name: value for name, value in attributes.items() if value is not None}


FOREIGN: dict[str, Any] = {"write_id": None, "prev_write_id": None}
# What a row that is no record answers: reads, conditional writes and conditional
# deletes say so; an unconditional delete works; a list names it.
CORRUPT = "corrupt corrupt corrupt corrupt corrupt corrupt True corrupt corrupt named 0"

# get put create cas(5) cas(5,etag) cas(5,foreign etag) delete delete(5) delete(etag) list cleanup
STATES = [
    State("absent", None, "absent 1 1 absent absent absent False False False - 0"),
    State("live", row(), "5 6 exists 6 6 differs:5 True True True 5 0"),
    State(
        "live without expiry",
        row(expires_at=None),
        "5 6 exists 6 6 differs:5 True True True 5 0",
    ),
    State(
        "live, data in bytes",
        row(data={"B": b"\xff"}),
        "5 6 exists 6 6 differs:5 True True True 5 0",
    ),
    State(
        "expired", row(expires_at=EXPIRED), "absent 6 6 absent absent absent False False False - 1"
    ),
    State(
        "at another version",
        row(version={"N": "9"}),
        "9 10 exists differs:9 differs:9 differs:9 True differs:9 differs:9 9 0",
    ),
    State(
        "at the version, by another write",
        row(write_id={"S": THIRD}),
        "5 6 exists 6 differs:5 differs:5 True True differs:5 5 0",
    ),
    State(
        "foreign",
        row(**FOREIGN),
        "5 6 exists 6 differs:5 6 True True differs:5 5 0",
    ),
    State(
        "foreign, no expiry",
        row(**FOREIGN, expires_at=None),
        "5 6 exists 6 differs:5 6 True True differs:5 5 0",
    ),
    State(
        "foreign, expired",
        row(**FOREIGN, expires_at=EXPIRED),
        "absent 6 6 absent absent absent False False False - 1",
    ),
    State(
        "write id of another type",
        row(write_id={"N": "7"}),
        "5 6 exists 6 differs:5 6 True True differs:5 5 0",
    ),
    State(
        "empty write id",
        row(write_id={"S": ""}),
        "5 6 exists 6 differs:5 6 True True differs:5 5 0",
    ),
    State(
        "own write, all fits",
        row(version={"N": "6"}, data={"S": DATA}, expires_at=None, write_id={"S": OWN}),
        "6 =6 =6 =6 =6 =6 True differs:6 differs:6 6 0",
    ),
    State(
        "own write, other data",
        row(version={"N": "6"}, expires_at=None, write_id={"S": OWN}),
        "6 reused reused reused reused reused True differs:6 differs:6 6 0",
    ),
    State(
        "own write, other expiry",
        row(version={"N": "6"}, data={"S": DATA}, write_id={"S": OWN}),
        "6 reused reused reused reused reused True differs:6 differs:6 6 0",
    ),
    State(
        "own write at another version",
        row(version={"N": "8"}, data={"S": DATA}, expires_at=None, write_id={"S": OWN}),
        "8 =8 =8 reused reused reused True differs:8 differs:8 8 0",
    ),
    State(
        "own write, expired",
        row(version={"N": "6"}, data={"S": DATA}, expires_at=EXPIRED, write_id={"S": OWN}),
        "absent reused reused reused reused reused False False False - 1",
    ),
    State(
        "previous write",
        row(version={"N": "7"}, prev_write_id={"S": OWN}),
        "7 =6 =6 =6 =6 =6 True differs:7 differs:7 7 0",
    ),
    State(
        "previous write at another version",
        row(version={"N": "9"}, prev_write_id={"S": OWN}),
        "9 =8 =8 reused reused reused True differs:9 differs:9 9 0",
    ),
    State(
        "previous write, expired since",
        row(version={"N": "7"}, expires_at=EXPIRED, prev_write_id={"S": OWN}),
        "absent =6 =6 =6 =6 =6 False False False - 1",
    ),
    State("version missing", row(version=None), CORRUPT),
    State("version a string", row(version={"S": "5"}), CORRUPT),
    State("version null", row(version={"NULL": True}), CORRUPT),
    State("version 0", row(version={"N": "0"}), CORRUPT),
    State("version negative", row(version={"N": "-5"}), CORRUPT),
    State("version 2^63", row(version={"N": str(2**63)}), CORRUPT),
    State(
        "version 2^63-1",
        row(version={"N": str(2**63 - 1)}),
        # It is a record, whose version cannot grow.
        f"{2**63 - 1} corrupt exists differs:{2**63 - 1} differs:{2**63 - 1} "
        f"differs:{2**63 - 1} True differs:{2**63 - 1} differs:{2**63 - 1} {2**63 - 1} 0",
    ),
    State(
        "version a fraction",
        row(version={"N": "5.5"}),
        # No condition can see it: a put over it is applied, and what it made is corrupt.
        "corrupt corrupt corrupt corrupt corrupt corrupt True corrupt corrupt named 0",
    ),
    State("data missing", row(data=None), CORRUPT),
    State("data a number", row(data={"N": "5"}), CORRUPT),
    State("data null", row(data={"NULL": True}), CORRUPT),
    State("data a map", row(data={"M": {"S": {"S": "x"}}}), CORRUPT),
    State("expires_at a string", row(expires_at={"S": "soon"}), CORRUPT),
    State("expires_at null", row(expires_at={"NULL": True}), CORRUPT),
    State(
        "expired and corrupt",
        row(expires_at=EXPIRED, version=None),
        CORRUPT.replace("named 0", "- 1"),
    ),
]


@pytest.mark.parametrize("state", STATES, ids=[state.name for state in STATES])
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_each_operation_tells_the_states_of_a_row_apart(
    operation: str,
    state: State,
    backend: DynamoDBBackend,
    dynamodb_table: Table,
    owner: str,
    call: Call,
) -> None:
    plant(dynamodb_table, owner, state, call.now)
    before = stored(dynamodb_table, owner)
    expected = dict(zip(OPERATIONS, state.ends.split(), strict=True))[operation]
    end = await ending(run(operation, backend, Key(owner, "name"), call))
    unchanged = stored(dynamodb_table, owner) == before
    if operation in WRITES and end.isdecimal() and unchanged:
        end = f"={end}"
    assert end == expected
    # No condition can see a fraction, so a put over one is applied.
    blind = operation == "put" and state.name == "version a fraction"
    removes = operation in {"delete", "cleanup"}
    assert unchanged or end.isdecimal() or end == "True" or removes or blind


def stored(table: Table, owner: str) -> object:
    key = {"PK": {"S": f"OWNER#{owner}"}, "SK": {"S": "TASK#name"}}
    return table.client().get_item(TableName=table.name, Key=key, ConsistentRead=True).get("Item")


def plant(table: Table, owner: str, state: State, now: int) -> None:
    if state.row is None:
        return
    times = {LIVE: {"N": str(now + 600)}, EXPIRED: {"N": str(now)}}
    item = {
        "PK": {"S": f"OWNER#{owner}"},
        "SK": {"S": "TASK#name"},
        **{n: times[v] if isinstance(v, str) else v for n, v in state.row.items()},
    }
    table.client().put_item(TableName=table.name, Item=item)


async def run(operation: str, backend: DynamoDBBackend, key: Key, call: Call) -> object:
    write = Write(DATA.encode(), None, OWN)
    etags = {"cas_etag": f"5-{OTHER}", "cas_foreign_etag": "5-", "delete_etag": f"5-{OTHER}"}
    etag = etags.get(operation, "")
    match operation:
        case "get":
            return await backend.get(key, consistent=True, call=call)
        case "put":
            return await backend.put(key, write, call)
        case "create":
            return await backend.put_if_version(key, write, expected_version=0, etag="", call=call)
        case "cas" | "cas_etag" | "cas_foreign_etag":
            return await backend.put_if_version(
                key, write, expected_version=5, etag=etag, call=call
            )
        case "delete" | "delete_version" | "delete_etag":
            version = 5 if operation == "delete_version" else None
            return await backend.delete(key, expected_version=version, etag=etag, call=call)
        case "list":
            request = PageRequest(Prefix(key.owner, ""), None, False, 10, 10_000, True)
            return (await backend.list_page(request, call)).rows
        case _:
            prefix = Prefix(key.owner, "")
            return (await backend.cleanup_expired(prefix, limit=10, call=call)).removed


async def ending(running: Awaitable[object]) -> str:
    """Return how an operation ended, in the words of the table.

    A write answers its version, with "=" where an earlier attempt had made it.
    """
    try:
        result = await running
    except VersionMismatch as error:
        return f"differs:{error.actual_version}"
    except StorageError as error:
        return {
            "RecordNotFound": "absent",
            "RecordExists": "exists",
            "RecordCorrupt": "corrupt",
            "RequestIdReused": "reused",
        }[type(error).__name__]
    if isinstance(result, Record):
        return str(result.version)
    if isinstance(result, Written):
        assert result.etag == f"{result.version}-{OWN}"
        return str(result.version)
    if isinstance(result, list):
        shown = [str(r.version) if isinstance(r, Record) else "named" for r in result]
        return shown[0] if shown else "-"
    return str(result)
