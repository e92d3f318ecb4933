"""A sidecar with one mistake: ``python -m tests.linearizability.broken_sidecar NAME serve …``.

Each is one that a store like this is easily built with. A test that cannot tell such a
sidecar from a right one proves nothing.
"""

import sys
from collections.abc import Callable, Mapping

from pannier_server.backends import rules
from pannier_server.backends.contract import Call, Key, Write, Written
from pannier_server.backends.dynamodb import expressions
from pannier_server.backends.dynamodb.backend import DynamoDBBackend
from pannier_server.backends.dynamodb.expressions import Expressions, Request
from pannier_server.backends.dynamodb.rows import data_value
from pannier_server.backends.dynamodb.wire.retries import Effect
from pannier_server.backends.rules import Row
from pannier_server.cli import main


def retries_without_write_ids() -> None:
    """Send a write again without looking whether it was applied before."""
    update = Expressions._update

    def without_fresh(self: Expressions, *args: object, **kwargs: object) -> Request:
        request = update(self, *args, **kwargs)  # type: ignore[arg-type]
        condition = str(request["ConditionExpression"])
        request["ConditionExpression"] = condition.replace(f" AND {expressions._FRESH}", "")
        return request

    Expressions._update = without_fresh  # type: ignore[method-assign]
    rules._earlier_attempt = lambda *_, **__: None


def reads_before_it_writes() -> None:
    """Decide by a read, and write without a condition."""

    async def read(backend: DynamoDBBackend, key: Key, call: Call) -> Row | None:
        request = backend._requests.get(key, consistent=True)
        row = backend._answers.get(await backend._call("GetItem", request, call))
        assert isinstance(row, Row | None)
        return row

    async def store(
        backend: DynamoDBBackend, key: Key, decision: Row | Written, call: Call
    ) -> Written:
        if isinstance(decision, Row):
            request: Request = {
                "TableName": backend._table,
                "Item": {**backend._rows.key(key), **_attributes(decision)},
            }
            await backend._call("PutItem", request, call, Effect.WRITE)
            return Written(decision.version, decision.etag)
        return decision

    async def put(self: DynamoDBBackend, key: Key, write: Write, call: Call) -> Written:
        return await store(self, key, rules.put_over(await read(self, key, call), write), call)

    async def put_if_version(
        self: DynamoDBBackend,
        key: Key,
        write: Write,
        *,
        expected_version: int,
        etag: str,
        call: Call,
    ) -> Written:
        decision = rules.put_over_version(
            await read(self, key, call),
            write,
            expected_version=expected_version,
            etag=etag,
            now=call.now,
        )
        return await store(self, key, decision, call)

    DynamoDBBackend.put = put  # type: ignore[method-assign]
    DynamoDBBackend.put_if_version = put_if_version  # type: ignore[method-assign]


def drops_consistent_read() -> None:
    """Read without asking for consistency."""
    get = Expressions.get

    def eventual(self: Expressions, key: Key, *, consistent: bool) -> Request:
        del consistent
        return get(self, key, consistent=False)

    Expressions.get = eventual  # type: ignore[method-assign]


def ignores_expiry_in_conditions() -> None:
    """Let conditional writes and deletes succeed over a record that has expired."""
    at_version = expressions._at_version

    def without_now(*args: object) -> tuple[str, expressions.Values]:
        condition, values = at_version(*args)  # type: ignore[arg-type]
        del values[":now"]
        return condition, values

    expressions._AT_VERSION = "#v = :expected"
    expressions._at_version = without_now  # type: ignore[assignment]


MISTAKES: Mapping[str, Callable[[], None]] = {
    mistake.__name__: mistake
    for mistake in (
        retries_without_write_ids,
        reads_before_it_writes,
        drops_consistent_read,
        ignores_expiry_in_conditions,
    )
}


def _attributes(row: Row) -> Mapping[str, object]:
    attributes: dict[str, object] = {
        "version": {"N": str(row.version)},
        "data": data_value(row.data),
        "write_id": {"S": row.write_id},
        "prev_write_id": {"S": row.previous_write_id or "-"},
    }
    if row.expires_at is not None:
        attributes["expires_at"] = {"N": str(row.expires_at)}
    return attributes


if __name__ == "__main__":
    MISTAKES[sys.argv[1]]()
    sys.exit(main(sys.argv[2:]))
