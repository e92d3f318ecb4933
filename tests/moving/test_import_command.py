"""``pannier import``: what it writes, says, and ends with."""

import hashlib
import io
import json
import time
from pathlib import Path
from tempfile import TemporaryFile
from typing import TextIO

import pytest

from pannier_server.backends.contract import Key
from pannier_server.backends.memory import MemoryBackend
from pannier_server.backends.transfer import RecordCopy, Replace
from pannier_server.cli.exit_codes import ExitCode
from pannier_server.transfer import progress
from pannier_server.transfer.format import encode_record
from pannier_server.transfer.import_ import ImportCounts, Importer
from pannier_server.transfer.progress import SECOND_HALF, Progress
from pannier_server.transfer.reader import ExportReader
from tests.moving.commands import lines, run
from tests.moving.stores import (
    PATIENCE,
    content_of,
    fill_store,
    plain_records,
    plant_corrupt,
)

HEADER = {
    "format": "pannier-export",
    "format_version": 1,
    "id": "an-id",
    "exported_at": "2026-01-31T12:00:00Z",
    "source": "sqlite",
}
COPIES = [
    RecordCopy(Key("demo", "a"), b"one", 1, None),
    RecordCopy(Key("demo", "b"), b"two", 2, 4_000_000_000),
    RecordCopy(Key("demo", "c"), b"three", 3, None),
]
THERE = [
    RecordCopy(Key("demo", "a"), b"another", 5, None),
    RecordCopy(Key("demo", "b"), b"another", 2, None),
    RecordCopy(Key("demo", "c"), b"another", 1, None),
]


def export_of(*copies: RecordCopy, **header: object) -> bytes:
    """Return an export of records, made without the command."""
    before = json.dumps(HEADER | header).encode() + b"\n"
    before += b"".join(map(encode_record, copies))
    checksum = hashlib.sha256(before).hexdigest()
    trailer = {"records": len(copies), "unreadable": 0, "sha256": checksum}
    return before + json.dumps(trailer).encode() + b"\n"


@pytest.fixture
def whole(exported: Path) -> Path:
    exported.write_bytes(export_of(*COPIES))
    return exported


def as_content(*copies: RecordCopy) -> dict[Key, object]:
    return {copy.key: copy for copy in copies}


def test_an_import_writes_everything_and_again_nothing(whole: Path, destination: str) -> None:
    done = run("import", "--store", destination, "--input", str(whole))
    assert (done.code, done.output, done.errors) == (0, b"3 records: 3 written\n", "")
    assert content_of(destination) == as_content(*COPIES)
    done = run("import", "--store", destination, "--input", str(whole), "--json")
    assert json.loads(done.output) == {
        "written": 0,
        "same": 3,
        "newer": 0,
        "conflicts": 0,
        "refused": 0,
        "expired": 0,
    }
    assert [path.name for path in whole.parent.glob("exported*")] == [whole.name]


def test_a_pipe_is_imported_too(whole: Path, destination: str) -> None:
    done = run("import", "--store", destination, stdin=whole.read_bytes())
    assert (done.code, done.output) == (0, b"3 records: 3 written\n")


def test_conflicts_are_named_and_the_rest_is_written(whole: Path, destination: str) -> None:
    fill_store(destination, THERE[:2])
    done = run("import", "--store", destination, "--input", str(whole))
    assert done.code == ExitCode.CONFLICT
    assert done.output == b"3 records: 1 written, 2 in conflict, kept as they are\n"
    assert done.errors.splitlines() == [
        "conflict: demo:a: version 5 is there, not 1",
        "conflict: demo:b: version 2 is there too, with other data",
        "pannier: 2 records are not in the store, because others are in the way; see --on-conflict",
    ]
    assert content_of(destination) == as_content(*THERE[:2], COPIES[2])


@pytest.mark.parametrize(
    ("policy", "code", "output", "kept"),
    [
        ("skip", 0, "3 records: 0 written, 3 in conflict, kept as they are", THERE),
        (
            "newer",
            ExitCode.CONFLICT,
            "3 records: 1 written, 1 kept with a higher version, 1 in conflict, kept as they are",
            [*THERE[:2], COPIES[2]],
        ),
        ("overwrite", 0, "3 records: 3 written", COPIES),
    ],
)
def test_what_is_in_the_way_is_dealt_with_as_asked(
    whole: Path,
    destination: str,
    policy: str,
    code: int,
    output: str,
    kept: list[RecordCopy],
) -> None:
    fill_store(destination, THERE)
    arguments = ("import", "--store", destination, "--input", str(whole), "--on-conflict", policy)
    would = run(*arguments, "--dry-run")
    assert would.code == code
    assert would.output.decode().strip() == output.replace(" written", " would be written")
    assert content_of(destination) == as_content(*THERE)
    done = run(*arguments)
    assert (done.code, done.output.decode().strip()) == (code, output)
    assert done.errors.count("conflict: ") == (policy == "newer")
    assert content_of(destination) == as_content(*kept)


def test_a_dry_run_makes_no_store(whole: Path, destination: str) -> None:
    done = run("import", "--store", destination, "--input", str(whole), "--dry-run")
    assert done.code == ExitCode.FAILED
    assert "there is no such file" in done.errors
    assert not Path(destination.removeprefix("sqlite://")).exists()


def test_records_that_have_expired_since_are_left_out(exported: Path, destination: str) -> None:
    past = RecordCopy(Key("demo", "past"), b"x", 1, int(time.time()) - 10)
    exported.write_bytes(export_of(*COPIES, past))
    done = run("import", "--store", destination, "--input", str(exported))
    assert done.output == b"4 records: 3 written, 1 expired, left out\n"


async def test_a_record_is_gone_from_the_second_in_which_it_expires() -> None:
    copies = [RecordCopy(Key("demo", f"{second}"), b"", 1, second) for second in (99, 100, 101)]
    importer = Importer(
        MemoryBackend().transfer().restore,
        replace=Replace.NOTHING,
        now=lambda: 100,
        patience=PATIENCE,
        progress=Progress("imported", io.StringIO()),
        report=lambda key, _: pytest.fail(key.name),
    )
    with TemporaryFile() as file:
        file.write(export_of(*copies))
        file.seek(0)
        reader = ExportReader(file.fileno(), "it")
        await reader.begin()
        assert await importer.run(reader) == ImportCounts(written=1, expired=2)


def test_rows_that_cannot_be_read_are_never_replaced(whole: Path, destination: str) -> None:
    fill_store(destination, [])
    plant_corrupt(Path(destination.removeprefix("sqlite://")), Key("demo", "a"))
    done = run(
        "import", "--store", destination, "--input", str(whole), "--on-conflict", "overwrite"
    )
    assert done.code == ExitCode.FAILED
    refused, failure = done.errors.splitlines()
    assert refused.startswith("refused: demo:a: the row that is there cannot be read: version")
    assert failure == "pannier: 1 records were refused and are not in the store"
    assert done.output == b"3 records: 2 written, 1 refused\n"


WRONG = {
    "no export": (b"something\n", "it is no export"),
    "empty": (b"", "it is no export|it is empty"),
    "header alone": (json.dumps(HEADER).encode() + b"\n", "it was cut"),
    "another version": (export_of(*COPIES, format_version=2), "version 2 of the format"),
    "no trailer": (b"".join(export_of(*COPIES).splitlines(keepends=True)[:-1]), "it was cut"),
    "torn record": (export_of(*COPIES)[:250], "it was cut"),
    "torn trailer": (export_of(*COPIES)[:-30], "it was cut"),
    "changed": (export_of(*COPIES).replace(b"three", b"3hree"), "checksum is wrong"),
    "line lost": (
        b"".join(
            line for line in export_of(*COPIES).splitlines(keepends=True) if b"two" not in line
        ),
        "checksum is wrong|2 records",
    ),
}


@pytest.mark.parametrize(("text", "problem"), WRONG.values(), ids=WRONG)
def test_nothing_is_imported_from_a_file_that_is_not_whole(
    exported: Path, destination: str, text: bytes, problem: str
) -> None:
    exported.write_bytes(text)
    done = run("import", "--store", destination, "--input", str(exported))
    assert done.code == ExitCode.FAILED
    assert any(part in done.errors for part in problem.split("|"))
    assert done.errors.endswith("nothing was imported\n")
    assert not Path(destination.removeprefix("sqlite://")).exists()


@pytest.mark.parametrize(("text", "problem"), WRONG.values(), ids=WRONG)
def test_a_pipe_that_ends_too_early_is_an_error(
    destination: str, text: bytes, problem: str
) -> None:
    done = run("import", "--store", destination, stdin=text)
    assert done.code == ExitCode.FAILED
    assert any(part in done.errors for part in problem.split("|"))
    assert done.errors.count("\n") == 1


def test_what_came_before_a_cut_is_imported(destination: str) -> None:
    text = export_of(*COPIES)
    cut = text[: text.index(b"three")]
    done = run("import", "--store", destination, stdin=cut)
    assert "count as done when you import it again, whole" in done.errors
    assert content_of(destination) == as_content(*COPIES[:2])
    assert run("import", "--store", destination, stdin=text).output.startswith(b"3 records: 1 wri")
    assert content_of(destination) == as_content(*COPIES)


def test_a_dry_run_of_what_was_cut_has_imported_nothing(source: str) -> None:
    fill_store(source, COPIES)
    done = run("import", "--store", source, "--dry-run", stdin=export_of(*COPIES)[:-30])
    assert done.errors.endswith("it was cut after 3 records; nothing was imported\n")


def test_an_import_from_a_pipe_leaves_the_start_of_the_line_to_the_export(
    whole: Path, destination: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = []

    class Watched(Progress):
        def __init__(self, what: str, stream: TextIO, *, column: int = 0) -> None:
            columns.append(column)
            super().__init__(what, stream, column=column)

    monkeypatch.setattr(progress, "Progress", Watched)
    run("import", "--store", destination, stdin=whole.read_bytes())
    run("import", "--store", destination, "--input", str(whole))
    assert columns == [SECOND_HALF, 0]


def test_a_line_that_is_no_record_is_named_by_its_number(destination: str) -> None:
    text = export_of(*COPIES).replace(b'"version":2', b'"version":0')
    done = run("import", "--store", destination, stdin=text)
    assert "standard input: line 3: version is 0" in done.errors
    assert content_of(destination) == as_content(COPIES[0])


def test_two_exports_in_one_are_refused(exported: Path, destination: str) -> None:
    done = run("import", "--store", destination, stdin=export_of(*COPIES) * 2)
    assert done.code == ExitCode.FAILED
    assert "import one export at a time" in done.errors


def test_a_last_line_without_its_end_is_enough(exported: Path, destination: str) -> None:
    exported.write_bytes(export_of(*COPIES).rstrip(b"\n"))
    assert run("import", "--store", destination, "--input", str(exported)).code == 0
    stdin = exported.read_bytes()
    assert run("import", "--store", destination, stdin=stdin).code == 0


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "no store is named"),
        (["--store", "memory:"], "memory: is a store inside of one process"),
        (["--store", "sqlite:x", "--resume"], "--resume needs --input"),
        (["--store", "sqlite:x", "--input", "f", "--resume", "--dry-run"], "no --dry-run"),
        (["--store", "sqlite:x", "--on-conflict", "guess"], "invalid choice"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: list[str], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("import", *arguments)
    assert done.code == ExitCode.USAGE
    assert problem in done.errors
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_is_named(destination: str) -> None:
    done = run("import", "--store", destination, "--input", "/nowhere/exported.jsonl")
    assert done.code == ExitCode.FAILED
    assert "cannot read /nowhere/exported.jsonl: No such file" in done.errors


def test_many_records_are_imported_in_many_batches(
    source: str, destination: str, exported: Path
) -> None:
    fill_store(source, plain_records(2_100, 1_000))
    assert run("export", "--store", source, "--output", str(exported)).code == 0
    assert len(lines(exported)) == 2_102
    done = run("import", "--store", destination, "--input", str(exported))
    assert done.output == b"2,100 records: 2,100 written\n"
    assert content_of(destination) == content_of(source)
