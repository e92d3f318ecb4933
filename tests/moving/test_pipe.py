"""``export | import``: everything arrives, also where it is run again after a kill."""

import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from pannier_server.cli.exit_codes import ExitCode
from tests.engines.table import Table
from tests.moving.commands import READER_GONE, kill_when_it_grows, start_pipe, wait_for_rows
from tests.moving.conftest import MANY, UrlOf
from tests.moving.stores import content_of, fill_store, hostile_records, plain_records

MEGABYTE = 1 << 20
ENDS = [("importer",), ("exporter",), ("exporter", "importer")]


@pytest.mark.parametrize(
    ("here", "there"), [("sqlite", "dynamodb"), ("dynamodb", "sqlite"), ("sqlite", "sqlite")]
)
def test_a_pipe_takes_everything(here: str, there: str, url_of: UrlOf) -> None:
    copies = hostile_records(300)
    source, destination = url_of(here), url_of(there)
    fill_store(source, copies)
    exported, imported = start_pipe(source, destination).outcomes()
    assert (exported.code, exported.errors) == (0, "exported 300 records\n")
    assert (imported.code, imported.output) == (0, b"300 records: 300 written\n")
    assert content_of(destination) == {copy.key: copy for copy in copies}


@pytest.mark.parametrize("ends", ENDS, ids="+".join)
def test_a_pipe_that_is_killed_says_so_and_is_run_again(
    ends: Sequence[str], source: str, destination: str
) -> None:
    fill_store(source, plain_records(5_000, 2_000))
    pipe = start_pipe(source, destination)
    killed, *others = (getattr(pipe, end) for end in ends)
    log = Path(f"{destination.removeprefix('sqlite://')}-wal")
    # More than what is under way at once: something was committed.
    assert kill_when_it_grows(killed, log, 3 * MEGABYTE)
    for other in others:
        other.send_signal(signal.SIGKILL)
    exported, imported = pipe.outcomes()
    if "exporter" not in ends:
        assert exported.code == ExitCode.BROKEN_PIPE
        assert exported.errors.splitlines()[-1] == READER_GONE
    if "importer" not in ends:
        assert imported.code == ExitCode.FAILED
        assert "it was cut after " in imported.errors
        assert "count as done when you import it again" in imported.errors
    _, imported = start_pipe(source, destination).outcomes()
    assert imported.code == 0, imported.errors
    assert imported.output.startswith(b"5,000 records: ")
    assert b"there before" in imported.output
    assert content_of(destination) == content_of(source)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_hundred_thousand_records_go_through_a_pipe_that_is_killed_three_times(
    many_records: str, table: Table
) -> None:
    for ends, wanted in zip(ENDS, (MANY // 20, MANY // 8, MANY // 3), strict=True):
        pipe = start_pipe(many_records, table.store_url)
        wait_for_rows(table, wanted, pipe.importer)
        for end in ends:
            getattr(pipe, end).send_signal(signal.SIGKILL)
        exported, imported = pipe.outcomes()
        assert exported.code != 0
        assert imported.code != 0
    exported, imported = start_pipe(many_records, table.store_url).outcomes()
    assert (exported.code, imported.code) == (0, 0), imported.errors
    assert imported.output.startswith(b"100,000 records: ")
    assert content_of(table.store_url) == content_of(many_records)
