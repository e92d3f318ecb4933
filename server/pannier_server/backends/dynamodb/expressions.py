"""The expressions of DynamoDB, each checked and applied in one atomic request.

The conditions on a row, by name:

    LIVE   it has not expired at :now
    DEAD   it has an expiry, and it has expired
    FRESH  it was made neither by this write (:id) nor was the version before it
    RECORD it is a record, live or expired
    VALID  it is a record whose version can grow

Where a condition fails DynamoDB answers the row that failed it (ALL_OLD), and
`pannier_server.backends.rules` says why, so the two must agree; the tests walk every
state of a row through both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pannier_server.backends.contract import MAX_VERSION, Key, PageRequest, Prefix, Write
from pannier_server.backends.dynamodb.layout import Layout
from pannier_server.backends.dynamodb.rows import (
    NO_WRITE_ID,
    AttributeValue,
    RowFormat,
    data_value,
)
from pannier_server.backends.etags import Etag

Request = dict[str, object]
"""A request's JSON body, before it is encoded."""

Values = dict[str, AttributeValue]

_LIVE = "(attribute_not_exists(#e) OR #e > :now)"
DEAD = "(attribute_type(#e, :N) AND #e <= :now)"
_FRESH = "(attribute_not_exists(#w) OR #w <> :id) AND (attribute_not_exists(#p) OR #p <> :id)"
RECORD = (
    "(attribute_type(#v, :N) AND #v >= :one AND #v <= :max"
    " AND (attribute_type(#d, :S) OR attribute_type(#d, :B))"
    " AND (attribute_not_exists(#e) OR attribute_type(#e, :N)))"
)
_VALID = RECORD.replace("<=", "<")
ABSENT = "attribute_not_exists(#k)"
_PRESENT = "attribute_exists(#k)"
_NO_WRITE_ID = "(attribute_not_exists(#w) OR NOT attribute_type(#w, :S) OR #w IN (:empty, :nil))"

_PUT_IF = f"({ABSENT} OR {_VALID}) AND {_FRESH}"
_CREATE_IF = f"({ABSENT} OR ({_VALID} AND {DEAD})) AND {_FRESH}"
_AT_VERSION = f"#v = :expected AND {_LIVE}"
_SHOWN = "attribute_not_exists(#e) OR NOT attribute_type(#e, :N) OR #e > :now"

_SET_REST = "#d = :d, #p = if_not_exists(#w, :nil), #w = :id"
_SET_ONE_MORE = f"SET #v = if_not_exists(#v, :zero) + :one, {_SET_REST}"
_SET_NEXT = f"SET #v = :next, {_SET_REST}"


def number(value: int) -> AttributeValue:
    """Return a number as DynamoDB's JSON has it."""
    return {"N": str(value)}


_TYPES: Values = {":N": {"S": "N"}, ":S": {"S": "S"}, ":B": {"S": "B"}}
_VALID_VALUES: Values = {**_TYPES, ":one": number(1), ":max": number(MAX_VERSION)}
_NIL: Values = {":nil": {"S": NO_WRITE_ID}}


@dataclass(frozen=True, slots=True)
class Expressions:
    """Requests for one table, as DynamoDB's low-level API takes them.

    Attributes:
        layout: The names in the table.
        rows: The format of its rows.
    """

    layout: Layout
    rows: RowFormat
    _known_names: dict[str, Mapping[str, str]] = field(default_factory=dict, init=False)

    def get(self, key: Key, *, consistent: bool) -> Request:
        """Return a GetItem."""
        return {
            "TableName": self.layout.table,
            "Key": self.rows.key(key),
            "ConsistentRead": consistent,
        }

    def put(self, key: Key, write: Write) -> Request:
        """Return the UpdateItem that writes whatever is there."""
        values = {**_VALID_VALUES, **_NIL, ":zero": number(0)}
        request = self._update(key, write, _SET_ONE_MORE, _PUT_IF, values, names="kvdewp")
        request["ReturnValues"] = "UPDATED_NEW"
        return request

    def create(self, key: Key, write: Write, now: int) -> Request:
        """Return the UpdateItem that writes only where no live record is."""
        values = {**_VALID_VALUES, **_NIL, ":zero": number(0), ":now": number(now)}
        request = self._update(key, write, _SET_ONE_MORE, _CREATE_IF, values, names="kvdewp")
        request["ReturnValues"] = "UPDATED_NEW"
        return request

    def put_if_version(
        self, key: Key, write: Write, *, expected_version: int, etag: Etag | None, now: int
    ) -> Request:
        """Return the UpdateItem that writes over one version.

        It asks for no values back: the version is known, and DynamoDB would echo the
        data with it.
        """
        condition, values = _at_version(expected_version, etag, now)
        values |= {**_NIL, ":next": number(expected_version + 1)}
        return self._update(
            key, write, _SET_NEXT, f"{condition} AND {_VALID} AND {_FRESH}", values, names="vdewp"
        )

    def delete(self, key: Key) -> Request:
        """Return the DeleteItem that works on any row, and answers what was there.

        The condition changes nothing on AWS. DynamoDB Local answers one old row to
        several concurrent deletes that have none.
        """
        return {
            "TableName": self.layout.table,
            "Key": self.rows.key(key),
            "ConditionExpression": _PRESENT,
            "ExpressionAttributeNames": self.names("k"),
            "ReturnValues": "ALL_OLD",
        }

    def delete_version(self, key: Key, *, version: int, etag: Etag | None, now: int) -> Request:
        """Return the DeleteItem that works on one version."""
        condition, values = _at_version(version, etag, now)
        return {
            "TableName": self.layout.table,
            "Key": self.rows.key(key),
            "ConditionExpression": f"{condition} AND {RECORD}",
            "ExpressionAttributeNames": self.names("vdew" if etag else "vde"),
            "ExpressionAttributeValues": values,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def delete_expired(self, key: dict[str, AttributeValue], now: int) -> Request:
        """Return the DeleteItem that leaves a row alone which has been written again."""
        return {
            "TableName": self.layout.table,
            "Key": key,
            "ConditionExpression": DEAD,
            "ExpressionAttributeNames": self.names("e"),
            "ExpressionAttributeValues": {":N": _TYPES[":N"], ":now": number(now)},
        }

    def list_page(self, request: PageRequest, now: int) -> Request:
        """Return the Query for a page of live and unreadable rows."""
        query = self._query(request.prefix, _SHOWN, now)
        query |= {
            "ConsistentRead": request.consistent,
            "ScanIndexForward": not request.descending,
            "Limit": request.max_rows,
        }
        if request.after is not None:
            query["ExclusiveStartKey"] = self.rows.key(Key(request.prefix.owner, request.after))
        return query

    def find_expired(
        self, prefix: Prefix, now: int, start: dict[str, AttributeValue] | None
    ) -> Request:
        """Return the Query for the primary keys of expired rows, from a start key on."""
        query = self._query(prefix, DEAD, now)
        query["ExpressionAttributeNames"] = self.names("kse")
        query["ProjectionExpression"] = "#k, #s"
        query["ConsistentRead"] = True
        if start:
            query["ExclusiveStartKey"] = start
        return query

    def key_condition(self, prefix: Prefix) -> tuple[str, dict[str, str], Values]:
        """Return the condition on the keys under a prefix, with its names and values."""
        layout = self.layout
        values: Values = {":k": {"S": layout.owner_prefix + prefix.owner}}
        names = {"#k": layout.partition_key}
        condition = "#k = :k"
        start = layout.name_prefix + prefix.name
        # DynamoDB refuses an empty string as the value of a key.
        if start:
            condition += " AND begins_with(#s, :s)"
            values[":s"] = {"S": start}
            names["#s"] = layout.sort_key
        return condition, names, values

    def _query(self, prefix: Prefix, shown: str, now: int) -> Request:
        condition, names, values = self.key_condition(prefix)
        return {
            "TableName": self.layout.table,
            "KeyConditionExpression": condition,
            "FilterExpression": shown,
            "ExpressionAttributeNames": names | {"#e": self.layout.expires_at},
            "ExpressionAttributeValues": values | {":N": _TYPES[":N"], ":now": number(now)},
        }

    def _update(
        self, key: Key, write: Write, update: str, condition: str, values: Values, *, names: str
    ) -> Request:
        values |= {":d": data_value(write.data), ":id": {"S": write.write_id}}
        if write.expires_at is None:
            update += " REMOVE #e"
        else:
            update += ", #e = :e"
            values[":e"] = number(write.expires_at)
        return {
            "TableName": self.layout.table,
            "Key": self.rows.key(key),
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": self.names(names),
            "ExpressionAttributeValues": values,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def names(self, letters: str) -> Mapping[str, str]:
        """Return the names that an expression uses; DynamoDB refuses any other."""
        # Made once for each expression: it is a third of what making a write takes.
        names = self._known_names.get(letters)
        if names is None:
            names = self._known_names[letters] = self._make_names(letters)
        return names

    def _make_names(self, letters: str) -> Mapping[str, str]:
        layout = self.layout
        names = {
            "k": layout.partition_key,
            "s": layout.sort_key,
            "v": layout.version,
            "d": layout.data,
            "e": layout.expires_at,
            "w": layout.write_id,
            "p": layout.previous_write_id,
        }
        return {f"#{letter}": names[letter] for letter in letters}


def _at_version(version: int, etag: Etag | None, now: int) -> tuple[str, Values]:
    """Return the condition that a live record has a version, and the etag's write id."""
    values = {**_VALID_VALUES, ":now": number(now), ":expected": number(version)}
    if etag is None:
        return _AT_VERSION, values
    if etag.write_id is None:
        values |= {":empty": {"S": ""}, **_NIL}
        return f"{_AT_VERSION} AND {_NO_WRITE_ID}", values
    values[":etag_id"] = {"S": etag.write_id}
    return f"{_AT_VERSION} AND #w = :etag_id", values
