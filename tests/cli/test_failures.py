"""Each failure is one line without a stack trace, and an exit code that says what it was."""

from pathlib import Path

import pytest
from grpc import StatusCode

from pannier.v1 import storage_pb2 as pb
from pannier_server.cli.exit_codes import ExitCode
from tests.cli.conftest import Pannier
from tests.client_python.scripted_sidecar import (
    ScriptedSidecar,
    Step,
    answer,
    fail,
    hang,
    pages,
    unavailable,
)
from tests.engines.process import free_port

PUT = ("put", "o:n", "--data", "x")


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (fail(StatusCode.NOT_FOUND, reason="RECORD_NOT_FOUND"), ExitCode.NOT_FOUND),
        (fail(StatusCode.INVALID_ARGUMENT, reason="KEY_INVALID"), ExitCode.USAGE),
        (fail(StatusCode.RESOURCE_EXHAUSTED, reason="THROTTLED"), ExitCode.TRY_AGAIN),
        (fail(StatusCode.DEADLINE_EXCEEDED, reason="DEADLINE_EXCEEDED"), ExitCode.TRY_AGAIN),
        (fail(StatusCode.FAILED_PRECONDITION, reason="TABLE_MISSING"), ExitCode.FAILED),
        (fail(StatusCode.DATA_LOSS, reason="RECORD_CORRUPT"), ExitCode.FAILED),
        (fail(StatusCode.INTERNAL, reason="INTERNAL"), ExitCode.FAILED),
        (fail(StatusCode.UNAUTHENTICATED, reason="UNAUTHENTICATED"), ExitCode.FAILED),
        (fail(StatusCode.UNIMPLEMENTED), ExitCode.FAILED),
    ],
)
def test_a_read_that_fails(
    pannier: Pannier, scripted: ScriptedSidecar, step: Step, code: ExitCode
) -> None:
    scripted.will(step)

    got = pannier("get", "o:n")

    assert got.code == code
    assert got.data == b""
    assert got.error.startswith("pannier: ")


@pytest.mark.parametrize(
    ("outcome", "code"),
    [("not_applied", ExitCode.TRY_AGAIN), ("unknown", ExitCode.UNKNOWN)],
)
@pytest.mark.parametrize("command", [PUT, (*PUT, "--if-version", "1"), ("rm", "o:n")])
def test_a_write_that_fails_tells_whether_it_may_have_been_applied(
    pannier: Pannier,
    scripted: ScriptedSidecar,
    command: tuple[str, ...],
    outcome: str,
    code: ExitCode,
) -> None:
    scripted.will(fail(StatusCode.DEADLINE_EXCEEDED, reason="DEADLINE_EXCEEDED", outcome=outcome))

    assert pannier(*command).code == code


def test_a_conflict_after_an_unknown_outcome_is_unknown(
    pannier: Pannier, scripted: ScriptedSidecar
) -> None:
    scripted.will(
        unavailable(),
        fail(StatusCode.ABORTED, reason="VERSION_CONFLICT", outcome="unknown"),
    )

    put = pannier(*PUT, "--if-version", "1")

    assert put.code == ExitCode.UNKNOWN
    assert put.error.endswith("(the write may have been applied)")


@pytest.mark.parametrize(
    "command", [("get", "o:n"), PUT, ("ls", "o:"), ("rm", "o:n"), ("cleanup",)]
)
def test_where_nothing_listens_every_command_says_so_at_once(
    pannier: Pannier, tmp_path: Path, command: tuple[str, ...]
) -> None:
    missing = f"unix:{tmp_path}/absent.sock"

    result = pannier(*command, "--address", missing)

    assert result.code == ExitCode.TRY_AGAIN
    assert result.error == (
        f"pannier: nothing listens at {missing} (No such file or directory); "
        "start a sidecar with 'pannier serve', or name another one with --address"
    )


def test_a_port_where_nothing_listens_is_said(pannier: Pannier) -> None:
    address = f"127.0.0.1:{free_port()}"

    assert (
        f"nothing listens at {address} (Connection refused)"
        in pannier("get", "o:n", "--address", address).error
    )


def test_a_sidecar_that_does_not_answer_is_given_up_in_time(
    pannier: Pannier, scripted: ScriptedSidecar
) -> None:
    scripted.will(hang, hang)

    got = pannier("get", "o:n", "--timeout", "100ms")
    put = pannier(*PUT, "--timeout", "100ms")

    assert got.code == ExitCode.TRY_AGAIN
    assert put.code == ExitCode.UNKNOWN


def test_a_list_that_breaks_fails_after_what_it_printed(
    pannier: Pannier, scripted: ScriptedSidecar
) -> None:
    broken = fail(StatusCode.DATA_LOSS, reason="RECORD_CORRUPT")
    record = pb.Record(key="o:a", version=1, etag="e")
    scripted.will(
        pages(pb.ListByPrefixResponse(records=[record], next_page_token="t"), then=broken)
    )

    listed = pannier("ls", "o:", "-k")

    assert listed.text == "o:a\n"
    assert listed.code == ExitCode.FAILED


def test_cleanup_goes_on_until_nothing_is_left(pannier: Pannier, scripted: ScriptedSidecar) -> None:
    scripted.will(
        answer(pb.CleanupExpiredResponse(removed=1000, more=True)),
        answer(pb.CleanupExpiredResponse(removed=5)),
    )

    assert pannier("cleanup", "o:").text == "removed 1005 expired records\n"


def test_cleanup_that_makes_no_progress_says_so(
    pannier: Pannier, scripted: ScriptedSidecar
) -> None:
    scripted.will(
        answer(pb.CleanupExpiredResponse(removed=7, more=True)),
        answer(pb.CleanupExpiredResponse(removed=0, more=True)),
    )

    cleaned = pannier("cleanup", "o:")

    assert cleaned.code == ExitCode.TRY_AGAIN
    assert cleaned.error.startswith("pannier: removed 7, and the store had no time for the rest")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("get",), "pannier get: the following arguments are required: KEY; see pannier get --"),
        (("get", "a:b", "c"), "pannier get: unexpected argument 'c'; see pannier get --help"),
        (("get", "\udcff:b"), "pannier get: argument KEY: it is not valid UTF-8; see"),
        (("get", "ab"), "pannier: key has no colon; write owner:name"),
        (("get", "a:b", "--jsn"), "pannier get: unknown option --jsn, did you mean --json?; see"),
        (("get", "a:b", "--js"), "pannier get: unknown option --js, did you mean --json?; see"),
        (("get", "a:b", "--address", "a"), "pannier: 'a' is no address of a sidecar; use"),
        (("get", "a:b", "--timeout", "0"), "pannier get: argument --timeout: it must be above 0;"),
        (("gat", "a:b"), "pannier: argument COMMAND: invalid choice: 'gat'"),
        ((*PUT, "--if-version", "0"), "pannier put: argument --if-version: '0' is not a version;"),
        ((*PUT, "--if-version", str(2**63)), "pannier put: argument --if-version: '9223372"),
        ((*PUT, "--if-version", "1", "--create"), "pannier put: argument --create: not allowed"),
        ((*PUT, "--etag", "e"), "pannier: --etag needs --if-version"),
        ((*PUT, "--ttl", "soon"), "pannier put: argument --ttl: 'soon' is not a duration; write"),
        ((*PUT, "--ttl", "1h", "--never-expires"), "pannier put: argument --never-expires: not"),
        ((*PUT, "--expire-time", "2030-01-01"), "pannier put: argument --expire-time: '2030-01-"),
        ((*PUT, "--expire-time", "soon"), "pannier put: argument --expire-time: 'soon' is not a"),
        ((*PUT, "--request-id", "7"), "pannier: request_id is no UUID"),
        ((*PUT, "--file", "f"), "pannier put: argument --file: not allowed with argument --data"),
        (("ls", "o:", "--limit", "0"), "pannier ls: argument --limit: '0' is not a number from"),
        (("ls", "o"), "pannier: prefix has no colon; write owner: and the start of a name"),
        (("rm", "o:n", "--if-version", "x"), "pannier rm: argument --if-version: 'x' is not a"),
    ],
)
def test_a_wrong_command_line_is_one_line_that_names_it(
    pannier: Pannier, arguments: tuple[str, ...], says: str
) -> None:
    result = pannier(*arguments)

    assert result.code == ExitCode.USAGE
    assert result.error.startswith(says)


def test_too_much_data_is_said_with_both_sizes(pannier: Pannier, owner: str) -> None:
    put = pannier("put", f"{owner}:a", stdin=b"x" * 500_000)

    assert put.code == ExitCode.USAGE
    assert put.error.startswith("pannier: data has 500,000 bytes, the limit is 358,400; ")
