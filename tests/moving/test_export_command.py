"""``pannier export``: what it writes, says, and ends with."""

import hashlib
import json
import os
import subprocess
import time
from pathlib import Path

import pytest

import pannier as client
from pannier_server.backends.contract import Key
from pannier_server.backends.transfer import RecordCopy
from pannier_server.cli.exit_codes import ExitCode
from tests.engines.table import Table
from tests.moving.commands import COMMAND, READER_GONE, is_private, lines, run
from tests.moving.stores import fill_store, plain_records, plant_corrupt
from tests.sidecars import sidecar_process

COPIES = [
    RecordCopy(Key("demo", "a"), b"text", 3, 4_000_000_000),
    RecordCopy(Key("demo", "b"), b"\xff", 1, None),
    RecordCopy(Key("other", "a"), b"", 7, None),
]


def test_an_export_is_a_header_records_and_a_trailer(source: str, exported: Path) -> None:
    fill_store(source, COPIES)
    done = run("export", "--store", source, "--output", str(exported))
    assert (done.code, done.output, done.errors) == (0, b"", "exported 3 records\n")
    header, *records, trailer = map(json.loads, lines(exported))
    assert header.pop("id")
    assert header.pop("exported_at").endswith("Z")
    assert header == {"format": "pannier-export", "format_version": 1, "source": "sqlite"}
    assert records == [
        {"key": "demo:a", "version": 3, "expire_time": "2096-10-02T07:06:40Z", "data": "text"},
        {"key": "demo:b", "version": 1, "data_base64": "/w=="},
        {"key": "other:a", "version": 7, "data": ""},
    ]
    before = b"".join(lines(exported)[:-1])
    checksum = hashlib.sha256(before).hexdigest()
    assert trailer == {"records": 3, "unreadable": 0, "sha256": checksum}


def test_the_file_is_private_and_nothing_stays_beside_it(source: str, exported: Path) -> None:
    fill_store(source, COPIES)
    run("export", "--store", source, "--output", str(exported))
    assert is_private(exported)
    assert [path.name for path in exported.parent.glob("exported*")] == [exported.name]


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (["--owner", "demo"], ["demo:a", "demo:b"]),
        (["--prefix", "demo:"], ["demo:a", "demo:b"]),
        (["--prefix", "demo:b"], ["demo:b"]),
        (["--owner", "nobody"], []),
    ],
)
def test_some_records_can_be_chosen(source: str, arguments: list[str], keys: list[str]) -> None:
    fill_store(source, COPIES)
    done = run("export", "--store", source, *arguments)
    header, *records, _ = map(json.loads, done.output.splitlines())
    assert [record["key"] for record in records] == keys
    assert header["prefix"] == (f"{arguments[1]}:" if arguments[0] == "--owner" else arguments[1])


def test_rows_that_cannot_be_read_are_named_and_fail(source: str, exported: Path) -> None:
    fill_store(source, COPIES)
    plant_corrupt(Path(source.removeprefix("sqlite://")), Key("demo", "corrupt\x1b"))
    done = run("export", "--store", source, "--output", str(exported))
    assert done.code == ExitCode.FAILED
    named, summary, failure = done.errors.splitlines()
    assert named == "unreadable: demo:corrupt\\x1b: version is a string, not a number"
    assert summary == "exported 3 records"
    assert failure.startswith("pannier: 1 stored rows cannot be read")
    assert json.loads(lines(exported)[-1])["unreadable"] == 1


def test_expired_records_are_left_out_and_counted(source: str) -> None:
    past = RecordCopy(Key("demo", "past"), b"x", 1, int(time.time()) - 10)
    fill_store(source, [*COPIES, past])
    done = run("export", "--store", source)
    assert b"past" not in done.output
    assert done.errors == "exported 3 records (left out: 1 have expired)\n"


def test_rows_of_others_in_a_table_are_left_out_and_counted(table: Table) -> None:
    fill_store(table.store_url, COPIES)
    for partition, sort in (
        ("CONFIG#x", "TASK#y"),
        ("OWNER#demo", "NOTE#y"),
        ("OWNER#a:b", "TASK#y"),
        ("OWNER#", "TASK#y"),
    ):
        item = {"PK": {"S": partition}, "SK": {"S": sort}, "version": {"N": "1"}}
        table.client().put_item(TableName=table.name, Item=item)
    done = run("export", "--store", table.store_url)
    assert done.code == 0
    assert done.output.count(b"\n") == 2 + len(COPIES)
    assert "exported 3 records (left out: 4 rows are not Pannier's" in done.errors


def test_an_export_works_while_a_sidecar_serves_the_same_file(source: str) -> None:
    with sidecar_process(source) as sidecar, client.connect(sidecar.address) as store:
        store.put("demo:a", b"served")
        done = run("export", "--store", source)
    assert done.code == 0
    assert b'"key":"demo:a","version":1,"data":"served"' in done.output


def test_a_file_that_is_there_is_not_written_over(source: str, exported: Path) -> None:
    fill_store(source, COPIES)
    exported.write_text("precious")
    done = run("export", "--store", source, "--output", str(exported))
    assert done.code == ExitCode.FAILED
    assert "is there already" in done.errors
    done = run("export", "--store", source, "--output", str(exported), "--resume")
    assert done.code == ExitCode.FAILED
    assert "cannot be resumed" in done.errors
    assert exported.read_text() == "precious"


def test_a_reader_that_goes_away_ends_it_with_a_word(source: str) -> None:
    fill_store(source, plain_records(3_000, 1_000))
    process = subprocess.Popen(
        [*COMMAND, "export", "--store", source], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait() == ExitCode.BROKEN_PIPE
    assert errors == f"{READER_GONE}\n"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "no store is named"),
        (["--store", "memory:"], "memory: is a store inside of one process"),
        (["--store", "nosuch://x"], "no backend is called 'nosuch'"),
        (["--store", "sqlite:x", "--resume"], "--resume needs --output"),
        (["--store", "sqlite:x", "--owner", "a:b"], "an owner has no colon"),
        (["--store", "sqlite:x", "--owner", ""], "empty owner"),
        (["--store", "sqlite:x", "--prefix", "demo"], "has no colon"),
        (["--store", "sqlite:x", "--owner", "a", "--prefix", "a:"], "not allowed with"),
    ],
)
def test_what_makes_no_sense_is_refused(
    arguments: list[str], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("export", *arguments)
    assert done.code == ExitCode.USAGE
    assert problem in done.errors
    assert done.errors.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "stream", "says"), [("export", 1, "by --output"), ("import", 0, "by --input")]
)
def test_a_stream_that_is_closed_is_said(source: str, command: str, stream: int, says: str) -> None:
    done = subprocess.run(
        [*COMMAND, command, "--store", source],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: os.close(stream),
        check=False,
        text=True,
    )
    assert done.returncode == ExitCode.USAGE
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_store_that_is_not_there_is_not_made(source: str, tmp_path: Path) -> None:
    done = run("export", "--store", source)
    assert done.code == ExitCode.FAILED
    assert "there is no such file" in done.errors
    assert list(tmp_path.iterdir()) == []
