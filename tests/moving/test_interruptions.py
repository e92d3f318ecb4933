"""Exports and imports that are ended midway, and go on as if they had not been."""

import io
import os
import resource
import signal
import subprocess
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from pannier_server.backends.contract import Key, Prefix, Unreadable
from pannier_server.backends.memory import MemoryBackend
from pannier_server.backends.memory_transfer import MemoryTransfer
from pannier_server.backends.transfer import RecordCopy, ScanPage
from pannier_server.cli.exit_codes import ExitCode
from pannier_server.transfer import output as outputs
from pannier_server.transfer.export import export_records
from pannier_server.transfer.format import encode_record
from pannier_server.transfer.import_ import ImportCounts
from pannier_server.transfer.import_state import ImportKeeper, ImportState
from pannier_server.transfer.output import (
    AlreadyComplete,
    ExportState,
    OutputError,
    new_state,
    open_file,
)
from pannier_server.transfer.progress import Progress
from pannier_server.transfer.reader import Batch
from pannier_server.transfer.state_file import StateFile, store_digest
from pannier_server.transfer.verify import verify_export
from tests.engines.table import Table
from tests.moving.commands import COMMAND, kill_when_it_grows, lines, run, start, wait_for_rows
from tests.moving.conftest import MANY
from tests.moving.stores import (
    PATIENCE,
    content_of,
    fill,
    fill_store,
    hostile_records,
    plain_records,
)

MEMORY = "memory:"
MEGABYTE = 1 << 20


class Ended(Exception):
    """Stands for the end of the process."""


async def export_until(path: Path, store: MemoryBackend, *, pages: int | None) -> None:
    """Export, go on where that was begun, and end it after so many pages."""
    output = open_file(path, new_state(MEMORY, None, 0), resume=True)
    seen = 0
    save = output.save_sometimes

    def count_pages() -> None:
        nonlocal seen
        seen += 1
        if seen == pages:
            raise Ended
        save()

    output.save_sometimes = count_pages  # type: ignore[method-assign]
    try:
        await export_records(
            store.transfer(),
            output,
            prefix=None,
            now=int(time.time()),
            patience=PATIENCE,
            progress=Progress("exported", io.StringIO()),
            report=lambda row: pytest.fail(row.problem),
        )
    finally:
        output.close()


def check_whole(path: Path, copies: Sequence[RecordCopy]) -> None:
    """Check that a file is a whole export of records, each once, and nothing is beside it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        assert verify_export(descriptor, "it").trailer.records == len(copies)
    finally:
        os.close(descriptor)
    assert sorted(lines(path)[1:-1]) == sorted(map(encode_record, copies))
    assert [each.name for each in path.parent.glob(f"{path.name}*")] == [path.name]


class PagesOf(MemoryTransfer):
    """Shows a page for each record, with a row that cannot be read."""

    def __init__(self, copies: Sequence[RecordCopy]) -> None:
        super().__init__(MemoryBackend())
        self._copies = copies

    async def scan(
        self, prefix: Prefix | None, *, now: int, position: str | None, patience: float
    ) -> AsyncGenerator[ScanPage, None]:
        for number in range(int(position or 0), len(self._copies)):
            copy = self._copies[number]
            yield ScanPage([copy, Unreadable(copy.key, "broken")], 0, 0, str(number + 1))


async def holding(copies: Sequence[RecordCopy]) -> MemoryBackend:
    """Return a store with these records."""
    store = MemoryBackend()
    await fill(store.transfer(), copies)
    return store


async def test_an_export_goes_on_after_an_end_at_any_page(
    exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "SAVE_BYTES", MEGABYTE)
    copies = hostile_records(4_000)
    store = await holding(copies)
    for pages in (1, 2, 3):
        with pytest.raises(Ended):
            await export_until(exported, store, pages=pages)
    await export_until(exported, store, pages=None)
    check_whole(exported, copies)


async def test_what_was_not_saved_is_cut_off_and_written_again(exported: Path) -> None:
    copies = hostile_records(2_000)
    store = await holding(copies)
    with pytest.raises(Ended):
        await export_until(exported, store, pages=2)
    with exported.open("ab") as file:
        file.write(b'{"key":"torn')
    # More than what is still to be written, which so does not hide it.
    os.truncate(exported, 1000 * MEGABYTE)
    await export_until(exported, store, pages=None)
    check_whole(exported, copies)


async def test_a_row_that_cannot_be_told_of_ends_an_export_which_goes_on(exported: Path) -> None:
    copies = hostile_records(3)
    told: list[Unreadable] = []

    def nobody_reads(_: Unreadable) -> None:
        raise BrokenPipeError

    async def export(report: Callable[[Unreadable], None]) -> None:
        with closing(open_file(exported, new_state(MEMORY, None, 0), resume=True)) as output:
            await export_records(
                PagesOf(copies),
                output,
                prefix=None,
                now=0,
                patience=PATIENCE,
                progress=Progress("exported", io.StringIO()),
                report=report,
            )

    for _ in copies:
        with pytest.raises(BrokenPipeError):
            await export(nobody_reads)
    await export(told.append)
    check_whole(exported, copies)
    assert not told


def test_a_note_that_does_not_fit_on_the_disk_leaves_the_one_before(exported: Path) -> None:
    note = StateFile(exported)
    saved = new_state(MEMORY, None, 0)
    note.save(saved)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            note.save(new_state("sqlite:", None, 1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert note.load(ExportState) == saved


async def test_an_export_that_ended_within_its_last_line_is_completed(exported: Path) -> None:
    copies = hostile_records(100)
    store = await holding(copies)
    with pytest.raises(Ended):
        await export_until(exported, store, pages=1)
    beside = exported.with_name(f"{exported.name}.resume")
    saved = beside.read_bytes()
    await export_until(exported, store, pages=None)
    beside.write_bytes(saved)
    await export_until(exported, store, pages=None)
    check_whole(exported, copies)


async def test_an_export_that_ended_behind_its_last_line_is_completed(
    exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = hostile_records(100)
    store = await holding(copies)

    def end(_: StateFile) -> None:
        raise Ended

    with monkeypatch.context() as patched:
        patched.setattr(StateFile, "remove", end)
        with pytest.raises(Ended):
            await export_until(exported, store, pages=None)
    await export_until(exported, store, pages=None)
    check_whole(exported, copies)


async def test_a_complete_export_stays_as_it_is(exported: Path) -> None:
    store = MemoryBackend()
    await fill(store.transfer(), hostile_records(10))
    await export_until(exported, store, pages=None)
    before = lines(exported)
    with pytest.raises(AlreadyComplete):
        await export_until(exported, store, pages=None)
    assert lines(exported) == before


@pytest.mark.parametrize(
    ("url", "prefix"), [("sqlite:other.db", None), (MEMORY, Prefix("demo", ""))]
)
async def test_an_export_of_something_else_is_not_gone_on_with(
    exported: Path, url: str, prefix: Prefix | None
) -> None:
    store = MemoryBackend()
    await fill(store.transfer(), hostile_records(10))
    with pytest.raises(Ended):
        await export_until(exported, store, pages=1)
    with pytest.raises(OutputError, match="another --store, --owner or --prefix"):
        open_file(exported, new_state(url, prefix, 0), resume=True)


async def test_a_file_that_has_lost_its_end_is_not_gone_on_with(exported: Path) -> None:
    store = MemoryBackend()
    await fill(store.transfer(), hostile_records(10))
    with pytest.raises(Ended):
        await export_until(exported, store, pages=1)
    os.truncate(exported, 100)
    with pytest.raises(OutputError, match="has lost its end"):
        await export_until(exported, store, pages=None)


async def test_a_file_that_was_removed_is_begun_anew(exported: Path) -> None:
    copies = hostile_records(1_000)
    store = await holding(copies)
    with pytest.raises(Ended):
        await export_until(exported, store, pages=1)
    Path.unlink(exported)
    await export_until(exported, store, pages=None)
    check_whole(exported, copies)


async def test_two_exports_do_not_write_to_one_file(exported: Path) -> None:
    first = open_file(exported, new_state(MEMORY, None, 0), resume=True)
    with pytest.raises(OutputError, match="another export is writing"):
        open_file(exported, new_state(MEMORY, None, 0), resume=True)
    first.close()


@pytest.mark.timeout(300)
def test_an_export_that_is_killed_goes_on(source: str, exported: Path) -> None:
    random = Random()
    copies = [
        RecordCopy(Key("demo", f"{number:03}"), random.randbytes(100_000), number + 1, None)
        for number in range(250)
    ]
    fill_store(source, copies)
    arguments = ("export", "--store", source, "--output", str(exported), "--resume")
    for _ in range(2):
        size = random.randrange(MEGABYTE, 25 * MEGABYTE)
        kill_when_it_grows(start(*arguments), exported, size)
    done = run(*arguments)
    assert done.code == 0, done.errors
    check_whole(exported, copies)


@pytest.mark.timeout(300)
def test_an_import_into_sqlite_that_is_killed_goes_on(
    source: str, destination: str, exported: Path
) -> None:
    fill_store(source, plain_records(2_000, 5_000))
    assert run("export", "--store", source, "--output", str(exported)).code == 0
    arguments = ("import", "--store", destination, "--input", str(exported), "--resume")
    log = Path(f"{destination.removeprefix('sqlite://')}-wal")
    assert kill_when_it_grows(start(*arguments), log, 2 * MEGABYTE)
    done = run(*arguments)
    assert done.code == 0, done.errors
    assert content_of(destination) == content_of(source)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_import_into_dynamodb_that_is_killed_goes_on(
    source: str, table: Table, exported: Path
) -> None:
    fill_store(source, plain_records(1_200, 300))
    assert run("export", "--store", source, "--output", str(exported)).code == 0
    arguments = ("import", "--store", table.store_url, "--input", str(exported), "--resume")
    process = start(*arguments)
    while not table.client().scan(TableName=table.name, Limit=1)["Count"]:
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = run(*arguments)
    assert done.code == 0, done.errors
    assert content_of(table.store_url) == content_of(source)


def begun_import(exported: Path, url: str, done: int) -> ImportKeeper:
    """Write down an import of a file that has got to the record with a number."""
    with exported.open("rb") as file:
        export_id = verify_export(file.fileno(), "it").header.id
    counts = ImportCounts()
    state = ImportState(id=export_id, store=store_digest(url), on_conflict="fail", counts=counts)
    keeper = ImportKeeper(exported, url, state)
    keeper.begin(state)
    written = lines(exported)
    for until in (done - 100, done):
        end = sum(map(len, written[: until + 1]))
        keeper.note(Batch([], end, until), ImportCounts(written=until))
    keeper.save()
    return keeper


def test_a_resumed_import_does_not_look_at_everything_again(
    source: str, destination: str, exported: Path
) -> None:
    copies = list(plain_records(1_000, 100))
    fill_store(source, copies)
    assert run("export", "--store", source, "--output", str(exported)).code == 0
    in_order = sorted(copies, key=lambda copy: (copy.key.owner, copy.key.name))
    fill_store(destination, in_order[:700])
    begun_import(exported, destination, 700)
    arguments = ("import", "--store", destination, "--input", str(exported), "--resume")
    done = run(*arguments)
    # 600 from before, 100 to see that they are there, 300 that were left; a batch has all 400.
    assert done.code == 0, done.errors
    assert done.output == b"1,000 records: 900 written, 100 there before\n"
    assert content_of(destination) == content_of(source)


def test_a_resumed_import_begins_anew_where_the_store_was_emptied(
    source: str, destination: str, exported: Path
) -> None:
    fill_store(source, plain_records(1_500, 100))
    assert run("export", "--store", source, "--output", str(exported)).code == 0
    begun_import(exported, destination, 1_200)
    arguments = ("import", "--store", destination, "--input", str(exported), "--resume")
    done = run(*arguments)
    assert done.code == 0
    assert "beginning anew" in done.errors
    assert done.output.startswith(b"1,500 records: ")
    assert content_of(destination) == content_of(source)


def test_an_import_without_resume_begins_at_the_start(
    source: str, destination: str, exported: Path
) -> None:
    fill_store(source, plain_records(1_000, 100))
    assert run("export", "--store", source, "--output", str(exported)).code == 0
    begun_import(exported, destination, 700)
    done = run("import", "--store", destination, "--input", str(exported))
    assert done.output == b"1,000 records: 1,000 written\n"


@pytest.mark.parametrize("damaged", [b"{", b'{"id": "\xff"}', b""])
def test_a_damaged_note_of_an_import_is_not_used(
    destination: str, exported: Path, damaged: bytes
) -> None:
    state = ImportState(id="x", store="y", on_conflict="fail", counts=ImportCounts())
    keeper = ImportKeeper(exported, destination, state)
    assert keeper.load() == state
    keeper._beside.path.write_bytes(damaged)
    assert keeper.load() == state


def test_a_note_counts_what_comes_before_the_place_where_to_go_on(
    destination: str, exported: Path
) -> None:
    begun = ImportState(id="x", store="y", on_conflict="fail", counts=ImportCounts())
    keeper = ImportKeeper(exported, destination, begun)
    counts = ImportCounts()
    for batch in (Batch([], end=1000, lines=10), Batch([], end=2000, lines=20)):
        counts.written += 10
        keeper.note(batch, counts)
    counts.written += 10
    keeper.save()
    found = keeper.load()
    assert (found.offset, found.lines, found.done) == (1000, 10, 20)
    assert found.counts == ImportCounts(written=10)


@pytest.mark.parametrize(
    ("other", "is_used"),
    [
        ({}, True),
        ({"id": "another export"}, False),
        ({"store": "another store"}, False),
        ({"on_conflict": "overwrite"}, False),
    ],
)
def test_the_note_of_another_import_is_not_used(
    destination: str, exported: Path, other: dict[str, str], is_used: bool
) -> None:
    begun = ImportState(id="x", store="y", on_conflict="fail", counts=ImportCounts())
    noted = ImportState(
        **{"id": "x", "store": "y", "on_conflict": "fail", **other},
        offset=100,
        lines=3,
        counts=ImportCounts(written=3),
        done=5,
    )
    keeper = ImportKeeper(exported, destination, begun)
    keeper._beside.save(noted)
    assert keeper.load() == (noted if is_used else begun)


def test_ctrl_c_ends_an_export_with_a_word(source: str, exported: Path) -> None:
    copies = hostile_records(2_000)
    fill_store(source, copies)
    # A pipe that nobody reads holds it up.
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [*COMMAND, "export", "--store", source], stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    assert os.read(reading, 100)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    errors = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait() == ExitCode.INTERRUPTED
    os.close(reading)
    assert errors.splitlines() == [
        "pannier: interrupted; begin again: only an export to a file (--output) can be resumed"
    ]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_hundred_thousand_records_survive_kills_on_both_sides(
    many_records: str, table: Table, exported: Path
) -> None:
    exporting = ("export", "--store", many_records, "--output", str(exported), "--resume")
    importing = ("import", "--store", table.store_url, "--input", str(exported), "--resume")
    random = Random(7)
    for _ in range(3):
        kill_when_it_grows(start(*exporting), exported, random.randrange(MEGABYTE, 900 * MANY))
    assert run(*exporting).code == 0
    for wanted in (MANY // 20, MANY // 3, MANY // 2):
        process = start(*importing)
        wait_for_rows(table, wanted, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = run(*importing)
    assert done.code == 0, done.errors
    assert content_of(table.store_url) == content_of(many_records)
