"""Whether the table is there, active, and has the keys that the layout names."""

import logging
from collections.abc import Awaitable, Callable

import msgspec

from pannier_server.backends.contract import Call
from pannier_server.backends.dynamodb.expressions import Request
from pannier_server.backends.dynamodb.layout import Layout
from pannier_server.backends.errors import StorageError, StoreUnavailable, TableMisconfigured

Ask = Callable[[str, Request, Call], Awaitable[bytes]]

_log = logging.getLogger(__name__)

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
_USABLE = {"ACTIVE", "UPDATING"}


class _Attribute(msgspec.Struct, rename="pascal"):
    attribute_name: str
    attribute_type: str = ""
    key_type: str = ""


class _Table(msgspec.Struct, rename="pascal"):
    table_status: str
    key_schema: list[_Attribute]
    attribute_definitions: list[_Attribute]


class _DescribeTable(msgspec.Struct, rename="pascal"):
    table: _Table


class _TimeToLive(msgspec.Struct, rename="pascal"):
    time_to_live_status: str = "DISABLED"
    attribute_name: str = ""


class _DescribeTimeToLive(msgspec.Struct, rename="pascal"):
    time_to_live_description: _TimeToLive


class TableStatus:
    """Asks DynamoDB about one table."""

    def __init__(self, layout: Layout) -> None:
        """Take the names to expect."""
        self._layout = layout
        self._request: Request = {"TableName": layout.table}
        self._ttl_checked = False

    async def check(self, ask: Ask, call: Call) -> None:
        """Return when the table can be used; warn once where its TTL is off.

        Args:
            ask: Makes a request of DynamoDB.
            call: The clock and deadline of the check.

        Raises:
            TableMissing: There is no such table.
            TableMisconfigured: It has other keys.
            StorageError: DynamoDB cannot be asked, or the table is not ready.
        """
        body = await ask("DescribeTable", self._request, call)
        table = msgspec.json.decode(body, type=_DescribeTable).table
        if table.table_status not in _USABLE:
            raise StoreUnavailable(
                f"table {self._layout.table} is {table.table_status.lower()}, not active"
            )
        self._check_keys(table)
        if not self._ttl_checked:
            self._ttl_checked = True
            await self._check_ttl(ask, call)

    def _check_keys(self, table: _Table) -> None:
        layout = self._layout
        types = {item.attribute_name: item.attribute_type for item in table.attribute_definitions}
        keys = [
            f"{item.attribute_name} ({item.key_type}, {types.get(item.attribute_name)})"
            for item in table.key_schema
        ]
        wanted = [f"{layout.partition_key} (HASH, S)", f"{layout.sort_key} (RANGE, S)"]
        if sorted(keys) != sorted(wanted):
            raise TableMisconfigured(
                f"table {layout.table} has the keys {', '.join(keys)}, not {', '.join(wanted)}; "
                "use another table, or name its keys in the store URL (partition_key=, sort_key=)"
            )

    async def _check_ttl(self, ask: Ask, call: Call) -> None:
        try:
            body = await ask("DescribeTimeToLive", self._request, call)
        except StorageError as error:
            _log.warning("cannot see the TTL of table %s: %s", self._layout.table, error.message)
            return
        ttl = msgspec.json.decode(body, type=_DescribeTimeToLive).time_to_live_description
        on = ttl.time_to_live_status in {"ENABLED", "ENABLING"}
        if not on or ttl.attribute_name != self._layout.expires_at:
            _log.warning(
                "table %s does not expire rows by its attribute %s, so expired rows stay and "
                "cost storage and reads; `pannier table check` says what to do",
                self._layout.table,
                self._layout.expires_at,
            )
