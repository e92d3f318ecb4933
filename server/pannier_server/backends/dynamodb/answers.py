"""DynamoDB's answers as rows of the contract."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from pannier_server.backends.dynamodb.rows import AttributeValue, Item, RowFormat
from pannier_server.backends.rules import CorruptRow, Row

PrimaryKey = dict[str, AttributeValue]


@dataclass(frozen=True, slots=True)
class QueryPage:
    """What a Query found.

    Attributes:
        rows: The names of records, each with its row.
        last_name: The name after which the next Query goes on; None at the end.
    """

    rows: Sequence[tuple[str, Row | CorruptRow]]
    last_name: str | None


class FoundKeys(msgspec.Struct):
    """What a Query for primary keys found, and where the next one starts."""

    Items: list[PrimaryKey]
    LastEvaluatedKey: PrimaryKey | None = None


class Answers:
    """Decodes the answers about one table.

    The types are made for the layout's names once, so that a decoder skips what we do
    not look at.
    """

    def __init__(self, rows: RowFormat) -> None:
        """Make the decoders."""
        self._rows = rows
        item = rows.item_type
        self._item = msgspec.json.Decoder(item)
        self._get = self._decoder(Item=(item | None, None))
        self._query = self._decoder(Items=(list[item], ...), LastEvaluatedKey=(item | None, None))  # type: ignore[valid-type]
        self._change = self._decoder(Attributes=(item | None, None))
        self._keys = msgspec.json.Decoder(FoundKeys)

    def get(self, body: bytes) -> Row | CorruptRow | None:
        """Return the row that GetItem answers."""
        return self._read(self._get.decode(body).Item)

    def change(self, body: bytes) -> Row | CorruptRow | None:
        """Return the row that an UpdateItem or DeleteItem answers."""
        return self._read(self._change.decode(body).Attributes)

    def item(self, item: bytes | None) -> Row | CorruptRow | None:
        """Return the row that failed a condition."""
        return self._read(self._item.decode(item)) if item else None

    def query(self, body: bytes) -> QueryPage:
        """Return the rows that a Query answers."""
        answer = self._query.decode(body)
        rows = [(self._rows.name(item), self._rows.read(item)) for item in answer.Items]
        last = answer.LastEvaluatedKey
        return QueryPage(rows, self._rows.name(last) if last else None)

    def keys(self, body: bytes) -> FoundKeys:
        """Return the primary keys that a Query answers."""
        return self._keys.decode(body)

    def _read(self, item: Item | None) -> Row | CorruptRow | None:
        return None if item is None else self._rows.read(item)

    @staticmethod
    def _decoder(**fields: tuple[Any, Any]) -> msgspec.json.Decoder[Any]:
        spec = [
            (name, kind) if default is ... else (name, kind, default)
            for name, (kind, default) in fields.items()
        ]
        return msgspec.json.Decoder(msgspec.defstruct("Answer", spec))
