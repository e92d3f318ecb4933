"""Exporting: every record of a store, as lines."""

from collections.abc import Callable
from contextlib import aclosing, suppress

from pannier_server.backends.contract import Prefix, Unreadable
from pannier_server.backends.transfer import ScanPage, Transfer
from pannier_server.transfer.format import encode_header, encode_record
from pannier_server.transfer.output import ExportState, StreamOutput
from pannier_server.transfer.progress import Progress

Report = Callable[[Unreadable], None]


async def export_records(
    source: Transfer,
    output: StreamOutput,
    *,
    prefix: Prefix | None,
    now: int,
    patience: float,
    progress: Progress,
    report: Report,
) -> ExportState:
    """Write what a store holds, from where the output stands to the end.

    Args:
        source: The store, whose `Transfer.open_source` was called.
        output: Where to write.
        prefix: Whose records; None for all.
        now: The clock: what has expired is left out.
        patience: How long to go on trying where the store is busy or away, in seconds.
        progress: Where to show how far it is.
        report: Told of each row that cannot be read.

    Returns:
        What was exported, by this and earlier attempts together.

    Raises:
        StorageError: The store cannot be read.
        OSError: The output cannot be written.
    """
    state = output.state
    try:
        if not state.offset:
            await output.append(encode_header(state.header))
        pages = source.scan(prefix, now=now, position=state.position, patience=patience)
        async with aclosing(pages):
            async for page in pages:
                await output.append(_lines(page))
                # Counted first: whoever is told may have gone, and what is written is written.
                for row in _count(state, page):
                    report(row)
                progress.show(state.records)
                output.save_sometimes()
        await output.finish()
    except BaseException:
        # What was saved before still serves where this cannot be.
        with suppress(OSError):
            output.save()
        raise
    return state


def _lines(page: ScanPage) -> bytes:
    return b"".join(encode_record(row) for row in page.rows if not isinstance(row, Unreadable))


def _count(state: ExportState, page: ScanPage) -> list[Unreadable]:
    """Take note of a page that was written, and return what of it cannot be read."""
    unreadable = [row for row in page.rows if isinstance(row, Unreadable)]
    state.records += len(page.rows) - len(unreadable)
    state.unreadable += len(unreadable)
    state.expired += page.expired
    state.foreign += page.foreign
    state.position = page.position
    return unreadable
