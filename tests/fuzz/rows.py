"""Rows that no sidecar has written: attributes missing, of other types, huge."""

import random
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pannier.v1 import storage_pb2 as pb
from pannier_server.backends.contract import StorageBackend
from tests.fuzz.requests import Caller, caller_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OWNER = "rows"
NAMES = ("a", "b", "c")

_ATTRIBUTES = ("version", "data", "expires_at", "write_id", "prev_write_id")
_NUMBERS = [
    "0",
    "1",
    "5",
    "-1",
    "1.5",
    "1e3",
    "9223372036854775806",
    "9223372036854775807",
    "9223372036854775808",
    "99999999999999999999999999999999999999",
    "1E-120",
    "-9.9E+125",
    "1700000000",
    "4102444800",
    "4102444800.5",
]
_TEXTS = ["", "5", "text", "x" * 1_000, "11111111-1111-4111-8111-111111111111", "\0", "\U0010ffff"]
_BYTES = [b"", b"\0", b"\xff\xfe", b"5", b"x" * 1_000]
_COLUMNS: list[Any] = [
    None,
    0,
    1,
    5,
    -1,
    2**63 - 1,
    -(2**63),
    1.5,
    5.0,
    1e300,
    float("inf"),
    *_TEXTS,
    *_BYTES,
    1_700_000_000,
    4_102_444_800,
]
_HUGE = 0.02


class DynamoDBRows:
    """Plants rows in a table."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """Take the table."""
        self._client = client
        self._table = table

    def plant(self, name: str, rnd: random.Random) -> None:
        """Put a hostile row in the place of what is there; DynamoDB may refuse it."""
        key = {"PK": {"S": f"OWNER#{OWNER}"}, "SK": {"S": f"TASK#{name}"}}
        values = {name: _attribute(rnd) for name in _ATTRIBUTES if rnd.random() < 0.85}
        if rnd.random() < _HUGE:
            values[rnd.choice([*_ATTRIBUTES, "other"])] = {"S": "h" * 390_000}
        try:
            self._client.put_item(TableName=self._table, Item={**key, **values})
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException":
                raise


class SqliteRows:
    """Plants rows in a file."""

    def __init__(self, file: Path) -> None:
        """Take the file, which a store has made."""
        self._connection = sqlite3.connect(file, isolation_level=None, timeout=10)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def plant(self, name: str, rnd: random.Random) -> None:
        """Put a hostile row in the place of what is there."""
        columns = ", ".join(_ATTRIBUTES)
        values = [rnd.choice(_COLUMNS) for _ in _ATTRIBUTES]
        if rnd.random() < _HUGE:
            values[rnd.randrange(len(values))] = rnd.choice(["h" * 3_000_000, b"h" * 3_000_000])
        self._connection.execute(
            f"INSERT OR REPLACE INTO records (owner, name, {columns}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (OWNER, name, *values),
        )


def _attribute(rnd: random.Random) -> dict[str, Any]:
    """Return a value of any of DynamoDB's types."""
    number, text, raw = rnd.choice(_NUMBERS), rnd.choice(_TEXTS), rnd.choice(_BYTES)
    return rnd.choice(
        [
            {"N": number},
            {"N": number},
            {"S": text},
            {"S": text},
            {"B": raw},
            {"BOOL": True},
            {"NULL": True},
            {"SS": [text, "other"]},
            {"NS": [number, "7"]},
            {"BS": [raw, b"other"]},
            {"L": [{"N": number}, {"L": []}]},
            {"M": {"version": {"N": number}, "": {"S": text}}},
        ]
    )


def _calls(name: str, rnd: random.Random) -> list[tuple[str, Any]]:
    """Return every kind of call that meets a row, in any order."""
    key = f"{OWNER}:{name}"
    version = rnd.choice([1, 5, 2**63 - 2, 2**63 - 1])
    calls: list[tuple[str, Any]] = [
        ("Get", pb.GetRequest(key=key)),
        ("Put", pb.PutRequest(key=key, data=b"new")),
        ("PutIfVersion", pb.PutIfVersionRequest(key=key, data=b"new")),
        ("PutIfVersion", pb.PutIfVersionRequest(key=key, expected_version=version)),
        ("Delete", pb.DeleteRequest(key=key, expected_version=version)),
        ("Delete", pb.DeleteRequest(key=key)),
        ("ListByPrefix", pb.ListByPrefixRequest(prefix=f"{OWNER}:", page_size=rnd.choice([1, 9]))),
        ("ListByPrefix", pb.ListByPrefixRequest(prefix=f"{OWNER}:", keys_only=True)),
        ("CleanupExpired", pb.CleanupExpiredRequest(prefix=f"{OWNER}:")),
    ]
    rnd.shuffle(calls)
    return calls[: rnd.randrange(1, 6)]


async def fuzz_rows(
    backend: StorageBackend,
    rows: DynamoDBRows | SqliteRows,
    transport: str,
    seconds: float,
    seed: int,
) -> int:
    """Plant hostile rows and make every kind of call on them; return how many calls succeeded.

    Raises:
        AssertionError: An answer is not what any answer must be, or a delete without a
            condition has failed.
    """
    rnd = random.Random(seed)
    until = time.monotonic() + seconds
    succeeded = 0
    async with caller_of(backend, transport) as caller:
        while time.monotonic() < until:
            name = rnd.choice(NAMES)
            rows.plant(name, rnd)
            for rpc, request in _calls(name, rnd):
                succeeded += await caller.call(rpc, request.SerializeToString())
        await _assert_all_can_go(caller)
    return succeeded


async def _assert_all_can_go(caller: Caller) -> None:
    for name in NAMES:
        request = pb.DeleteRequest(key=f"{OWNER}:{name}").SerializeToString()
        assert await caller.call("Delete", request), "a row cannot be deleted"
