"""Reading a whole table: several parts of it at once, each page by page."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, Protocol, cast

import msgspec

from pannier_server.backends.contract import Key, Prefix, Unreadable
from pannier_server.backends.dynamodb.cleanup import Ask
from pannier_server.backends.dynamodb.expressions import Request
from pannier_server.backends.dynamodb.rows import AttributeValue, Item, RowFormat
from pannier_server.backends.dynamodb.transfer.patience import ask_patiently
from pannier_server.backends.dynamodb.transfer.requests import TransferRequests
from pannier_server.backends.errors import StorageError
from pannier_server.backends.rules import CorruptRow
from pannier_server.backends.transfer import RecordCopy, ScanPage

SEGMENTS = 4
"""Parts that are read at once. One reads a megabyte in some 20 ms, so that this is enough for
a process that writes what it reads; each more takes more of the table's throughput."""

_TURNS_OF = "(export)"

StartKey = dict[str, AttributeValue]

AT_START: None = None
AT_END = "end"

Place = StartKey | str | None
"""Where a part is: at its start, at its end, or behind the row with a key."""


class _ScannedItem(Item, Protocol):
    partition_key: AttributeValue | None


class _Scanned(Protocol):
    Items: Sequence[_ScannedItem]
    LastEvaluatedKey: StartKey | None


class Scan:
    """Reads one table."""

    def __init__(self, ask: Ask, requests: TransferRequests, rows: RowFormat) -> None:
        """Take what makes requests, what words them, and what reads rows."""
        self._ask = ask
        self._requests = requests
        self._rows = rows
        self._layout = requests.expressions.layout
        self._decoder = self._make_decoder()

    async def pages(
        self, prefix: Prefix | None, *, now: int, position: str | None, patience: float
    ) -> AsyncGenerator[ScanPage, None]:
        """Yield the pages of all parts as they come, and read one of each ahead."""
        places = _read_position(position, 1 if prefix else SEGMENTS)
        reading: dict[asyncio.Task[_Scanned], int] = {}

        def read(part: int) -> None:
            place = places[part]
            if place != AT_END:
                start = cast("StartKey | None", place)
                request = self._request(prefix, part, len(places), start)
                page = self._read(request, prefix, patience)
                reading[asyncio.create_task(page)] = part

        try:
            for part in range(len(places)):
                read(part)
            while reading:
                done, _ = await asyncio.wait(reading, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    part = reading.pop(task)
                    found = task.result()
                    places[part] = found.LastEvaluatedKey or AT_END
                    read(part)
                    yield self._page(found.Items, now, places)
        finally:
            await _cancel(reading)

    def _request(
        self, prefix: Prefix | None, part: int, parts: int, start: StartKey | None
    ) -> Request:
        if prefix is None:
            return self._requests.scan(part, parts, start)
        return self._requests.query(prefix, start)

    async def _read(self, request: Request, prefix: Prefix | None, patience: float) -> _Scanned:
        operation = "Query" if prefix else "Scan"
        owner = prefix.owner if prefix else _TURNS_OF
        body = await ask_patiently(self._ask, operation, request, owner=owner, patience=patience)
        return self._decoder(body)

    def _page(self, items: Sequence[_ScannedItem], now: int, places: list[Place]) -> ScanPage:
        shown: list[RecordCopy | Unreadable] = []
        expired = foreign = 0
        for item in items:
            key = self._key(item)
            if key is None:
                foreign += 1
                continue
            row = self._rows.read(item)
            if isinstance(row, CorruptRow):
                shown.append(Unreadable(key, row.problem))
            elif row.is_live(now):
                shown.append(RecordCopy(key, row.data, row.version, row.expires_at))
            else:
                expired += 1
        return ScanPage(shown, expired, foreign, msgspec.json.encode(places).decode())

    def _key(self, item: _ScannedItem) -> Key | None:
        """Return the key of a row; None where no key can name it."""
        layout = self._layout
        owner = _behind(layout.owner_prefix, item.partition_key)
        name = _behind(layout.name_prefix, item.sort_key)
        return Key(owner, name) if owner and name and ":" not in owner else None

    def _make_decoder(self) -> Callable[[bytes], _Scanned]:
        """Return what reads an answer, for the layout's names, past what is not ours."""
        names = {
            name: getattr(self._layout, name) for name in ("partition_key", *Item.__annotations__)
        }
        fields = [(name, AttributeValue | None, None) for name in names]
        item: Any = msgspec.defstruct("ScannedItem", fields, rename=names)
        last = ("LastEvaluatedKey", StartKey | None, None)
        page = msgspec.defstruct("Scanned", [("Items", list[item]), last])
        decode = msgspec.json.Decoder(page).decode
        return cast("Callable[[bytes], _Scanned]", decode)


def _behind(start: str, value: AttributeValue | None) -> str | None:
    """Return what follows the start that a key attribute must have; None where it has not."""
    text = value.get("S") if value else None
    if not isinstance(text, str) or not text.startswith(start):
        return None
    return text.removeprefix(start)


def _read_position(position: str | None, parts: int) -> list[Place]:
    if position is None:
        return [AT_START] * parts
    try:
        places = msgspec.json.decode(position, type=list[Place])
    except msgspec.DecodeError:
        places = []
    if not places or (parts == 1 and len(places) != 1):
        raise StorageError("the position to go on from was not made by this store")
    return places


async def _cancel(reading: dict["asyncio.Task[_Scanned]", int]) -> None:
    for task in reading:
        task.cancel()
    await asyncio.gather(*reading, return_exceptions=True)
