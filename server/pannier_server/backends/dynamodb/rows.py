"""Rows of the table as rows of the contract, and back.

Others write into the same table: a row may lack our write ids, hold data as text or
bytes, and have any attribute of any type. What we do not know is not looked at.
"""

import binascii
from base64 import b64decode, b64encode
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Any, Protocol, cast

import msgspec

from pannier_server.backends.contract import MAX_EXPIRES_AT, MAX_VERSION, MIN_EXPIRES_AT, Key
from pannier_server.backends.dynamodb.layout import Layout
from pannier_server.backends.rules import CorruptRow, Row

AttributeValue = dict[str, Any]
"""A value as DynamoDB's JSON has it: ``{"S": "text"}``, ``{"N": "7"}``, ``{"B": "…"}``."""

NO_WRITE_ID = "-"
"""What stands as the previous write id of a row whose write before had none."""

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
_TYPE_NAMES = {
    "S": "a string",
    "N": "a number",
    "B": "bytes",
    "BOOL": "a boolean",
    "NULL": "null",
    "M": "a map",
    "L": "a list",
    "SS": "a set",
    "NS": "a set",
    "BS": "a set",
}


class Item(Protocol):
    """The attributes of a row that matter to us, each absent or a value of any type."""

    sort_key: AttributeValue | None
    version: AttributeValue | None
    data: AttributeValue | None
    expires_at: AttributeValue | None
    write_id: AttributeValue | None
    previous_write_id: AttributeValue | None


class RowFormat:
    """Reads and writes rows under the names of a layout."""

    def __init__(self, layout: Layout) -> None:
        """Take the names; `Item` under them is a type made once."""
        self._layout = layout
        names = {name: getattr(layout, name) for name in Item.__annotations__}
        fields = [(name, AttributeValue | None, None) for name in names]
        item_type = msgspec.defstruct("LayoutItem", fields, rename=names)
        self.item_type = cast("type[Item]", item_type)

    def key(self, key: Key) -> dict[str, AttributeValue]:
        """Return the primary key of a record."""
        layout = self._layout
        return {
            layout.partition_key: {"S": layout.owner_prefix + key.owner},
            layout.sort_key: {"S": layout.name_prefix + key.name},
        }

    def name(self, item: Item) -> str:
        """Return the name of the record in a row that a query answered."""
        text: str = (item.sort_key or {})["S"]
        return text.removeprefix(self._layout.name_prefix)

    def read(self, item: Item) -> Row | CorruptRow:
        """Return a row as the contract knows it, or what is wrong with it."""
        layout = self._layout
        try:
            return Row(
                data=_read_data(item.data, layout.data),
                version=_read_version(item.version, layout.version),
                expires_at=_read_expires_at(item.expires_at, layout.expires_at),
                write_id=_read_write_id(item.write_id),
                previous_write_id=_read_write_id(item.previous_write_id),
            )
        except _UnreadableError as error:
            return CorruptRow(str(error))


def data_value(data: bytes) -> AttributeValue:
    """Return data as an attribute: text where it is UTF-8, else bytes."""
    try:
        return {"S": data.decode()}
    except UnicodeDecodeError:
        return {"B": b64encode(data).decode()}


class _UnreadableError(Exception):
    """An attribute is missing or of the wrong kind; the text names it."""


def _read_data(value: AttributeValue | None, name: str) -> bytes:
    if value is None:
        raise _UnreadableError(f"{name} is missing")
    text = value.get("S")
    if text is not None:
        return str(text).encode()
    try:
        return b64decode(value["B"], validate=True)
    except (KeyError, binascii.Error, TypeError):
        raise _UnreadableError(f"{name} is {_kind(value)}, not a string or bytes") from None


def _read_version(value: AttributeValue | None, name: str) -> int:
    number = _read_number(value, name)
    if not isinstance(number, int) and number == number.to_integral_value():
        number = int(number)
    if not isinstance(number, int) or not 1 <= number <= MAX_VERSION:
        raise _UnreadableError(f"{name} is no whole number from 1 to 2^63-1")
    return number


def _read_expires_at(value: AttributeValue | None, name: str) -> int | None:
    """Return epoch seconds; a fraction rounds up, and others' milliseconds end in year 9999."""
    if value is None:
        return None
    number = _read_number(value, name)
    if not isinstance(number, int):
        number = min(max(number, Decimal(MIN_EXPIRES_AT)), Decimal(MAX_EXPIRES_AT))
        number = int(number.to_integral_value(ROUND_CEILING))
    return min(max(number, MIN_EXPIRES_AT), MAX_EXPIRES_AT)


def _read_number(value: AttributeValue | None, name: str) -> int | Decimal:
    if value is None:
        raise _UnreadableError(f"{name} is missing")
    text = value.get("N")
    if not isinstance(text, str):
        raise _UnreadableError(f"{name} is {_kind(value)}, not a number")
    try:
        return int(text) if text.isdecimal() else Decimal(text)
    except InvalidOperation:
        raise _UnreadableError(f"{name} is no number") from None


def _read_write_id(value: AttributeValue | None) -> str | None:
    text = value.get("S") if value else None
    return text if isinstance(text, str) and text not in {"", NO_WRITE_ID} else None


def _kind(value: AttributeValue) -> str:
    return _TYPE_NAMES.get(next(iter(value), ""), "of an unknown type")
