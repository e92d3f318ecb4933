"""The requests that read a whole table and write rows as they are."""

from dataclasses import dataclass

from pannier_server.backends.contract import MAX_VERSION, Prefix
from pannier_server.backends.dynamodb.expressions import (
    ABSENT,
    DEAD,
    RECORD,
    Expressions,
    Request,
    Values,
    number,
)
from pannier_server.backends.dynamodb.rows import AttributeValue, data_value
from pannier_server.backends.transfer import RecordCopy, Replace

PAGE_ROWS = 300
"""The most rows of a page: a slow engine answers each well within the time of an attempt."""

_READ = "#k, #s, #v, #d, #e"
_OVER_DEAD = f"({RECORD} AND {DEAD})"
# What may be replaced beside nothing and what has expired. Only a record may be: a row
# that cannot be read is left for someone to look at.
_REPLACED = {
    Replace.NOTHING: "",
    Replace.OLDER: f" OR ({RECORD} AND #v < :v)",
    Replace.ANYTHING: f" OR ({RECORD} AND NOT (#v = :v AND #d = :d AND %s))",
}


@dataclass(frozen=True, slots=True)
class TransferRequests:
    """Requests for one table, as DynamoDB's low-level API takes them.

    Attributes:
        expressions: Words the requests of serving, and knows the names in the table.
    """

    expressions: Expressions

    def scan(self, segment: int, segments: int, start: dict[str, AttributeValue] | None) -> Request:
        """Return the Scan for a page of one of several equal parts of the table."""
        return self._page(start) | {"Segment": segment, "TotalSegments": segments}

    def query(self, prefix: Prefix, start: dict[str, AttributeValue] | None) -> Request:
        """Return the Query for a page of all rows under a prefix, expired ones too."""
        condition, names, values = self.expressions.key_condition(prefix)
        request = self._page(start)
        request["KeyConditionExpression"] = condition
        request["ExpressionAttributeNames"] = self._read_names() | names
        request["ExpressionAttributeValues"] = values
        return request

    def restore(self, copy: RecordCopy, write_id: str, replace: Replace, now: int) -> Request:
        """Return the UpdateItem that writes a copy where it may stand.

        The id of the write before would name one that did not make the version before, so
        there is none. Attributes that are not ours stay.
        """
        update = "SET #v = :v, #d = :d, #w = :id"
        values: Values = {
            ":v": number(copy.version),
            ":d": data_value(copy.data),
            ":id": {"S": write_id},
            ":now": number(now),
            ":one": number(1),
            ":max": number(MAX_VERSION),
            ":N": {"S": "N"},
            ":S": {"S": "S"},
            ":B": {"S": "B"},
        }
        if copy.expires_at is None:
            update += " REMOVE #p, #e"
            same_expiry = "attribute_not_exists(#e)"
        else:
            update += ", #e = :e REMOVE #p"
            same_expiry = "#e = :e"
            values[":e"] = number(copy.expires_at)
        replaced = _REPLACED[replace].replace("%s", same_expiry)
        return {
            "TableName": self.expressions.layout.table,
            "Key": self.expressions.rows.key(copy.key),
            "UpdateExpression": update,
            "ConditionExpression": f"{ABSENT} OR {_OVER_DEAD}{replaced}",
            "ExpressionAttributeNames": self.expressions.names("kvdewp"),
            "ExpressionAttributeValues": values,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _page(self, start: dict[str, AttributeValue] | None) -> Request:
        request: Request = {
            "TableName": self.expressions.layout.table,
            "ProjectionExpression": _READ,
            "ExpressionAttributeNames": self._read_names(),
            "ConsistentRead": True,
            "Limit": PAGE_ROWS,
        }
        if start:
            request["ExclusiveStartKey"] = start
        return request

    def _read_names(self) -> dict[str, str]:
        return {**self.expressions.names("ksvde")}
