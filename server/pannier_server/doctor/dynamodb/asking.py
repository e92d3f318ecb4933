"""Requests of the table that tell something and change nothing.

Reads ask for a record that nobody writes. Writes have a condition that never holds, so that
DynamoDB answers either that it failed, which is to say that the write was allowed, or that
it is not allowed to try.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from pannier_server.backends.dynamodb.wire.retries import Effect
from pannier_server.backends.errors import DeadlineExceeded, StoreUnavailable
from pannier_server.doctor.dynamodb.known import Known
from pannier_server.units import format_duration

LIMIT = 8.0
"""Seconds for each, with all attempts."""

_WRITES = {"UpdateItem", "DeleteItem"}

_NEVER = "attribute_exists(#k) AND attribute_not_exists(#k)"


async def ask(known: Known, action: str) -> Mapping[str, Any]:
    """Make a request over the sidecar's own wire, and return the answer.

    Raises:
        StorageError: As `DynamoDBClient.call`; a write that is allowed ends with
            `ConditionFailed`.
    """
    client = await known.client()
    try:
        body = await client.call(
            action,
            msgspec.json.encode(request(known, action)),
            effect=Effect.WRITE if action in _WRITES else Effect.READ,
            deadline=deadline(LIMIT),
        )
    except DeadlineExceeded:
        raise StoreUnavailable(
            f"{known.endpoint.address} gives no answer within {format_duration(LIMIT)}; see what "
            "stands between this machine and it (security groups, firewalls, proxies)"
        ) from None
    answer: Mapping[str, Any] = msgspec.json.decode(body)
    return answer


def request(known: Known, action: str) -> Mapping[str, Any]:
    """Return the body of a request."""
    layout = known.location.layout
    table = {"TableName": layout.table}
    never = {"Key": known.absent_key, "ConditionExpression": _NEVER}
    names = {"#k": layout.partition_key}
    match action:
        case "GetItem":
            return {**table, "Key": known.absent_key}
        case "Query":
            return {
                **table,
                "KeyConditionExpression": "#k = :k",
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": {":k": known.absent_key[layout.partition_key]},
                "Limit": 1,
            }
        case "UpdateItem":
            return {
                **table,
                **never,
                "UpdateExpression": "REMOVE #d",
                "ExpressionAttributeNames": {**names, "#d": layout.data},
            }
        case "DeleteItem":
            return {**table, **never, "ExpressionAttributeNames": names}
        case _:
            return table


def deadline(seconds: float) -> float:
    """Return the time after so many seconds, on the running loop's clock."""
    return asyncio.get_running_loop().time() + seconds
