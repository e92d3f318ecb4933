"""A list as a stream of pages: fetched one ahead, and each small enough to send."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, replace

from pannier.v1 import storage_pb2 as pb
from pannier_server.backends.contract import (
    Page,
    PageRequest,
    Record,
    StorageBackend,
    Unreadable,
)
from pannier_server.service.interface import CallContext
from pannier_server.service.messages import to_key, to_record
from pannier_server.service.page_tokens import make_page_token

MAX_PAGE_BYTES = 1024 * 1024
"""An encoded page stays below this, or holds a single record."""

STORE_PAGE_BYTES = 1024 * 1024
"""A store is asked to end a page here: what one Query of DynamoDB reads, so none is wasted."""

# What a page's token can take: 1,019 bytes of name and a digest, in base64.
_TOKEN_BYTES = 1_500
# Tag and length in front of a message inside a page.
_FRAME_BYTES = 8


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list is to show.

    Attributes:
        first: The request for its first page from the store.
        limit: The most records in all; 0 for no limit.
        keys_only: Leave the data out.
    """

    first: PageRequest
    limit: int
    keys_only: bool


async def stream_pages(
    backend: StorageBackend, listing: Listing, context: CallContext
) -> AsyncGenerator[pb.ListByPrefixResponse, None]:
    """Yield a list's pages; while one is being sent the next is fetched, and no more.

    Each store call has its own clock reading and deadline, so that a list may last as
    long as its reader likes.
    """
    remaining = listing.limit
    fetching = _fetch(backend, listing.first, remaining, context)
    try:
        while True:
            page = await fetching
            shown = sum(isinstance(row, Record) for row in page.rows)
            ended = page.resume_after is None or (remaining and shown >= remaining)
            if not ended:
                remaining -= shown if remaining else 0
                following = replace(listing.first, after=page.resume_after)
                fetching = _fetch(backend, following, remaining, context)
            for message in _messages(page, listing):
                yield message
            if ended:
                return
    finally:
        fetching.cancel()
        await asyncio.gather(fetching, return_exceptions=True)


def _fetch(
    backend: StorageBackend, request: PageRequest, remaining: int, context: CallContext
) -> "asyncio.Task[Page]":
    if remaining:
        request = replace(request, max_rows=min(request.max_rows, remaining))
    return asyncio.get_running_loop().create_task(backend.list_page(request, context.store_call()))


def _messages(page: Page, listing: Listing) -> Iterator[pb.ListByPrefixResponse]:
    """Yield a store's page as messages below the limit; none where it is empty but not the last."""
    rows = page.rows
    start = size = 0
    records: list[pb.Record | pb.UnreadableRecord] = []
    for index, row in enumerate(rows):
        encoded = _encode(row, keys_only=listing.keys_only)
        row_size = encoded.ByteSize() + _FRAME_BYTES
        if index > start and size + row_size + _TOKEN_BYTES > MAX_PAGE_BYTES:
            yield _page(records, listing, rows[index - 1].key.name)
            start, size, records = index, 0, []
        records.append(encoded)
        size += row_size
    if records or page.resume_after is None:
        yield _page(records, listing, page.resume_after)


def _encode(row: Record | Unreadable, *, keys_only: bool) -> pb.Record | pb.UnreadableRecord:
    if isinstance(row, Unreadable):
        return pb.UnreadableRecord(key=to_key(row.key), problem=row.problem)
    return to_record(row, with_data=not keys_only)


def _page(
    rows: Sequence[pb.Record | pb.UnreadableRecord], listing: Listing, after: str | None
) -> pb.ListByPrefixResponse:
    request = listing.first
    token = (
        ""
        if after is None
        else make_page_token(request.prefix, descending=request.descending, after=after)
    )
    return pb.ListByPrefixResponse(
        records=[row for row in rows if isinstance(row, pb.Record)],
        unreadable=[row for row in rows if isinstance(row, pb.UnreadableRecord)],
        next_page_token=token,
    )
