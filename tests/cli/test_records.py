"""`pannier get|put|ls|rm|cleanup` against a running sidecar."""

import base64
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pannier_server.cli.exit_codes import ExitCode
from tests.cli.conftest import Pannier
from tests.client_python.scripted_sidecar import ScriptedSidecar, page, pages

BINARY = bytes(range(256)) * 3 + b"\r\n"
PAST = "2020-01-01T00:00:00Z"


class TestPutAndGet:
    def test_what_is_put_is_printed_byte_by_byte(self, pannier: Pannier, owner: str) -> None:
        assert pannier("put", f"{owner}:a", stdin=BINARY).text == f"{owner}:a is at version 1\n"

        got = pannier("get", f"{owner}:a")

        assert (got.code, got.data, got.errors) == (0, BINARY, "")

    @pytest.mark.parametrize("data", [b"", b"no line break", "bl\u00e5b\u00e6r".encode()])
    def test_data_comes_from_the_command_line(
        self, pannier: Pannier, owner: str, data: bytes
    ) -> None:
        pannier("put", f"{owner}:a", "--data", data.decode())

        assert pannier("get", f"{owner}:a").data == data

    def test_data_on_the_command_line_may_be_any_bytes(self, pannier: Pannier, owner: str) -> None:
        # As Python hands over an argument that is no UTF-8.
        pannier("put", f"{owner}:a", "--data", "\udcff")

        assert pannier("get", f"{owner}:a").data == b"\xff"

    def test_data_comes_from_a_file(self, pannier: Pannier, owner: str, tmp_path: Path) -> None:
        file = tmp_path / "data"
        file.write_bytes(BINARY)
        pannier("put", f"{owner}:a", "--file", str(file))

        assert pannier("get", f"{owner}:a").data == BINARY

    def test_a_dash_is_standard_input(self, pannier: Pannier, owner: str) -> None:
        pannier("put", f"{owner}:a", "--file", "-", stdin=b"in")

        assert pannier("get", f"{owner}:a").data == b"in"

    def test_a_file_that_cannot_be_read_is_said(self, pannier: Pannier, owner: str) -> None:
        put = pannier("put", f"{owner}:a", "--file", "/absent")

        assert put.code == ExitCode.FAILED
        assert put.error == "pannier: cannot read /absent: No such file or directory"

    def test_get_as_json_has_text_and_facts(self, pannier: Pannier, owner: str) -> None:
        put = pannier("put", f"{owner}:a", "--data", "bl\u00e5", "--json").json

        got = pannier("get", f"{owner}:a", "--json")

        assert got.json == {**put, "data": "bl\u00e5"}
        assert put == {
            "key": f"{owner}:a",
            "version": 1,
            "etag": put["etag"],
            "expire_time": None,
        }
        assert got.text.count("\n") == 1

    def test_get_as_json_has_base64_where_data_is_no_text(
        self, pannier: Pannier, owner: str
    ) -> None:
        pannier("put", f"{owner}:a", stdin=BINARY)

        got = pannier("get", f"{owner}:a", "--json").json

        assert base64.b64decode(got["data_base64"]) == BINARY
        assert "data" not in got

    def test_facts_go_to_standard_error_and_data_stays_pure(
        self, pannier: Pannier, owner: str
    ) -> None:
        put = pannier("put", f"{owner}:a", "--data", "text", "--json").json

        got = pannier("get", f"{owner}:a", "-l", "--eventual")

        assert got.data == b"text"
        assert got.errors.splitlines() == [
            f"key      {owner}:a",
            "version  1",
            f"etag     {put['etag']}",
            "expires  never",
            "size     4 B",
        ]

    def test_eventual_asks_for_a_cheaper_read(
        self, pannier: Pannier, scripted: ScriptedSidecar
    ) -> None:
        pannier("get", "o:n", "--eventual")
        pannier("get", "o:n")

        assert [request.consistency for request in scripted.requests("Get")] == [2, 1]


class TestExpiry:
    def test_a_time_to_live_counts_from_now(self, pannier: Pannier, owner: str) -> None:
        before = datetime.now(UTC)
        put = pannier("put", f"{owner}:a", "--data", "x", "--ttl", "1h30m", "--json").json

        lives = datetime.fromisoformat(put["expire_time"]) - before
        assert timedelta(minutes=90) <= lives <= timedelta(minutes=92)

    def test_an_expire_time_is_kept_in_utc(self, pannier: Pannier, owner: str) -> None:
        when = "2090-01-01T01:00:00+01:00"
        put = pannier("put", f"{owner}:a", "--data", "x", "--expire-time", when, "-l")

        assert "expires  2090-01-01T00:00:00Z (in " in put.text
        assert pannier("get", f"{owner}:a", "--json").json["expire_time"] == "2090-01-01T00:00:00Z"

    def test_an_expire_time_that_has_passed_hides_the_record(
        self, pannier: Pannier, owner: str
    ) -> None:
        put = pannier("put", f"{owner}:a", "--data", "x", "--expire-time", PAST, "-l")

        assert f"expires  {PAST} (has passed)" in put.text
        assert pannier("get", f"{owner}:a").code == ExitCode.NOT_FOUND

    def test_never_expires_is_sent(self, pannier: Pannier, scripted: ScriptedSidecar) -> None:
        pannier("put", "o:n", "--data", "x", "--never-expires")

        assert scripted.requests("Put")[0].never_expires

    def test_cleanup_counts_what_it_removes(self, pannier: Pannier, owner: str) -> None:
        for name in ("a", "b"):
            pannier("put", f"{owner}:{name}", "--data", "x", "--expire-time", PAST)

        assert pannier("cleanup", f"{owner}:b").text == "removed 1 expired record\n"
        assert pannier("cleanup", f"{owner}:", "--json").json == {"removed": 1}
        assert pannier("cleanup").code == ExitCode.OK
        assert pannier("cleanup").text == "removed 0 expired records\n"


class TestConditions:
    def test_a_version_is_written_over_only_where_it_is_there(
        self, pannier: Pannier, owner: str
    ) -> None:
        pannier("put", f"{owner}:a", "--data", "1")

        done = pannier("put", f"{owner}:a", "--data", "2", "--if-version", "1")
        lost = pannier("put", f"{owner}:a", "--data", "3", "--if-version", "1")

        assert done.text == f"{owner}:a is at version 2\n"
        assert lost.code == ExitCode.CONFLICT
        assert lost.error == "pannier: the record has version 2, not 1; read it again"
        assert pannier("get", f"{owner}:a").data == b"2"

    def test_an_etag_tells_a_record_that_was_created_again(
        self, pannier: Pannier, owner: str
    ) -> None:
        etag = pannier("put", f"{owner}:a", "--data", "1", "--json").json["etag"]
        pannier("rm", f"{owner}:a")
        pannier("put", f"{owner}:a", "--data", "2")
        condition = ("--if-version", "1", "--etag", etag)

        assert pannier("put", f"{owner}:a", "--data", "3", *condition).code == ExitCode.CONFLICT
        assert pannier("rm", f"{owner}:a", *condition).code == ExitCode.CONFLICT
        assert pannier("rm", f"{owner}:a", "--etag", etag).code == ExitCode.CONFLICT
        assert pannier("get", f"{owner}:a").data == b"2"

    def test_create_does_not_write_over_a_record(self, pannier: Pannier, owner: str) -> None:
        created = pannier("put", f"{owner}:a", "--data", "1", "--create")
        refused = pannier("put", f"{owner}:a", "--data", "2", "--create")

        assert (created.code, refused.code) == (ExitCode.OK, ExitCode.CONFLICT)
        assert pannier("get", f"{owner}:a").data == b"1"

    def test_a_version_of_a_record_that_is_not_there_is_not_found(
        self, pannier: Pannier, owner: str
    ) -> None:
        put = pannier("put", f"{owner}:a", "--data", "1", "--if-version", "1")

        assert put.code == ExitCode.NOT_FOUND

    def test_a_request_id_makes_a_write_safe_to_run_again(
        self, pannier: Pannier, owner: str
    ) -> None:
        write = ("put", f"{owner}:a", "--data", "1")
        request_id = ("--request-id", "2f1c7a52-7d0b-4f0e-9d3a-0d6f6a8f2c11")

        assert pannier(*write, *request_id, "--json").json["version"] == 1
        assert pannier(*write, *request_id, "--json").json["version"] == 1
        assert pannier(*write, "--json").json["version"] == 2

    def test_rm_deletes_and_tells_where_nothing_was(self, pannier: Pannier, owner: str) -> None:
        pannier("put", f"{owner}:a", "--data", "1")

        assert pannier("rm", f"{owner}:a", "--if-version", "1").text == f"deleted {owner}:a\n"
        again = pannier("rm", f"{owner}:a", "--json")

        assert again.json == {"key": f"{owner}:a", "deleted": False}
        assert again.code == ExitCode.NOT_FOUND
        assert again.error == "pannier: no live record has this key"


class TestLists:
    @pytest.fixture
    def three(self, pannier: Pannier, owner: str) -> list[str]:
        keys = [f"{owner}:{name}" for name in ("a", "bb", "bc")]
        pannier("put", keys[0], "--data", "12345")
        pannier("put", keys[1], stdin=b"\0" * 2048)
        pannier("put", keys[1], stdin=b"\xff" * 2048)
        pannier("put", keys[2], "--data", "", "--ttl", "2d")
        return keys

    def test_a_list_is_a_table(self, pannier: Pannier, owner: str, three: list[str]) -> None:
        listed = pannier("ls", f"{owner}:")

        width = len(three[1])
        assert listed.code == ExitCode.OK
        *lines, last = listed.text.splitlines()
        assert lines == [
            f"{'KEY':<{width}}  VERSION  EXPIRES IN   SIZE",
            f"{three[0]:<{width}}        1  never         5 B",
            f"{three[1]:<{width}}        2  never       2 KiB",
        ]
        assert re.fullmatch(rf"{three[2]}        1  (2d|1d 23h) +0 B", last)
        assert len(last) == len(lines[1])

    def test_a_long_list_has_times_and_etags(
        self, pannier: Pannier, owner: str, three: list[str]
    ) -> None:
        lines = pannier("ls", f"{owner}:", "-l").text.splitlines()
        record = pannier("get", three[2], "--json").json

        assert lines[0].split() == ["KEY", "VERSION", "EXPIRES", "IN", "SIZE", "EXPIRES", "ETAG"]
        assert lines[3].split()[-2:] == [record["expire_time"], record["etag"]]

    def test_keys_alone_are_one_a_line(
        self, pannier: Pannier, owner: str, three: list[str]
    ) -> None:
        assert pannier("ls", f"{owner}:", "-k").text.splitlines() == three
        assert pannier("ls", f"{owner}:b", "--keys-only").text.splitlines() == three[1:]

    def test_order_and_limit_can_be_chosen(
        self, pannier: Pannier, owner: str, three: list[str]
    ) -> None:
        listed = pannier("ls", f"{owner}:", "-k", "--desc", "--limit", "2")

        assert listed.text.splitlines() == [three[2], three[1]]

    def test_json_has_one_object_a_line(
        self, pannier: Pannier, owner: str, three: list[str]
    ) -> None:
        lines = pannier("ls", f"{owner}:", "--json").text.splitlines()

        assert lines == [pannier("get", key, "--json").text.rstrip() for key in three]

    def test_json_of_keys_has_no_data(self, pannier: Pannier, owner: str, three: list[str]) -> None:
        first = pannier("ls", f"{owner}:", "--json", "-k", "--limit", "1").json

        assert first.keys() == {"key", "version", "etag", "expire_time"}

    def test_an_empty_list_is_no_failure(self, pannier: Pannier, owner: str) -> None:
        listed = pannier("ls", f"{owner}:")

        assert (listed.code, listed.text, listed.errors) == (0, "", "")

    def test_columns_stay_aligned_over_many_rows(self, pannier: Pannier, owner: str) -> None:
        for number in range(105):
            pannier("put", f"{owner}:{number:03}", "--data", "x")

        lines = pannier("ls", f"{owner}:").text.splitlines()

        assert len(lines) == 106
        assert len({line.index(" 1  never") for line in lines[1:]}) == 1

    def test_control_characters_do_not_reach_the_terminal(
        self, pannier: Pannier, owner: str
    ) -> None:
        key = f"{owner}:a\n\x1b[31m\u00e5"
        pannier("put", key, "--data", "x")

        listed = pannier("ls", f"{owner}:", "-k")

        assert listed.text == f"{owner}:a\\n\\x1b[31m\u00e5\n"
        assert pannier("ls", f"{owner}:", "--json").json["key"] == key

    def test_unreadable_rows_are_named_and_make_the_list_fail(
        self, pannier: Pannier, scripted: ScriptedSidecar
    ) -> None:
        scripted.will(pages(page("a", token="t", unreadable=["b"]), page("c")))

        listed = pannier("ls", "o:", "-k")

        assert listed.text.splitlines() == ["o:a", "o:c"]
        assert listed.code == ExitCode.FAILED
        assert listed.errors.splitlines() == [
            "unreadable: o:b: odd",
            "pannier: 1 stored rows cannot be read as records: repair or delete them",
        ]
