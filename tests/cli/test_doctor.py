"""`pannier doctor` as a command: its report, its JSON and its exit code."""

import io
import os
import pty
import re
from pathlib import Path
from typing import TextIO

import pytest

from pannier_server.doctor import Area, Check, Outcome, Status
from pannier_server.doctor.check import failed, ok, skipped, warning
from pannier_server.doctor.examination import Result
from pannier_server.doctor.report import TextReport
from tests.cli.conftest import Pannier

pytestmark = pytest.mark.usefixtures("quiet_listen")

MEMBERS = {"id", "status", "summary", "fix", "facts"}


@pytest.fixture
def quiet_listen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PANNIER_LISTEN", f"unix:{tmp_path}/p.sock")


def test_warnings_alone_end_with_0_and_a_line_that_counts(pannier: Pannier) -> None:
    report = pannier("doctor", "--store", "memory:")

    assert report.code == 0
    lines = report.text.splitlines()
    assert lines[0] == "Settings"
    assert re.fullmatch(r"\d+ checks: \d+ ok, \d+ warning(, \d+ skipped)?", lines[-1])
    assert report.errors == ""


def test_a_failure_ends_with_1_and_has_its_fix_right_below(
    pannier: Pannier, tmp_path: Path
) -> None:
    report = pannier("doctor", "--store", f"sqlite://{tmp_path}/absent/pannier.db")

    assert report.code == 1
    lines = report.text.splitlines()
    (line,) = [number for number, text in enumerate(lines) if text.startswith("  failed ")]
    assert f"{tmp_path}/absent does not exist" in lines[line]
    assert lines[line + 1].strip().startswith(f"fix: mkdir -p {tmp_path}/absent")
    assert "1 failed" in lines[-1]


def test_a_wrong_setting_is_a_failed_check_and_a_wrong_flag_code_2(pannier: Pannier) -> None:
    assert pannier("doctor", "--store", "memory:", "--workers", "0").code == 1
    assert pannier("doctor", "--stor", "memory:").code == 2
    assert pannier("doctor", "--owner", "a:b").code == 2


def test_json_is_one_object_of_a_known_shape(pannier: Pannier) -> None:
    report = pannier("doctor", "--store", "memory:", "--json")

    assert report.code == 0
    assert set(report.json) == {"schema", "version", "store", "status", "checks"}
    assert (report.json["schema"], report.json["status"]) == (1, "warning")
    assert report.json["store"] == "memory:"
    for check in report.json["checks"]:
        assert set(check) == MEMBERS
        assert check["status"] in set(Status)
        needs_fix = check["status"] in {"warning", "failed"}
        assert bool(check["fix"]) == needs_fix


def test_verbose_tells_the_facts(pannier: Pannier) -> None:
    brief = pannier("doctor", "--store", "memory:")
    verbose = pannier("doctor", "--store", "memory:", "-v")

    assert "hard: " not in brief.text
    assert "hard: " in verbose.text
    assert 'grace: {"value": "10s", "from": "default"}' in verbose.text


def report_on(file: TextIO, environ: dict[str, str]) -> None:
    async def unused() -> Outcome:
        raise AssertionError

    checks = [Check(each, each, unused) for each in ("a", "longer", "c", "d")]
    outcomes = [ok("good"), warning("hm", "do"), failed("bad", "mend"), skipped("not")]
    results = [Result("Area", *pair) for pair in zip(checks, outcomes, strict=True)]
    text = TextReport([Area("Area", checks)], file, environ, details=False)
    for result in results:
        text.add(result)
    text.end(results)


def test_the_report_is_aligned() -> None:
    file = io.StringIO()
    report_on(file, {})

    assert file.getvalue().splitlines() == [
        "Area",
        "  ok       a       good",
        "  warning  longer  hm",
        "           fix: do",
        "  failed   c       bad",
        "           fix: mend",
        "  skipped  d       not",
        "4 checks: 1 ok, 1 warning, 1 failed, 1 skipped",
    ]


def test_what_a_failure_keeps_from_running_is_one_line(pannier: Pannier, tmp_path: Path) -> None:
    store = f"sqlite://{tmp_path}/absent/pannier.db"
    brief = pannier("doctor", "--store", store).text
    verbose = pannier("doctor", "--store", store, "-v").text

    assert "needs folder" not in brief
    assert len(re.findall("  needs folder$", verbose, re.MULTILINE)) == 5
    left_out = "not looked at: 5 checks that need folder (-v lists them)"
    assert brief.splitlines()[-2] == left_out
    assert brief.splitlines()[-1] == verbose.splitlines()[-1]
    assert left_out not in verbose


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"NO_COLOR": ""}, True)],
)
def test_only_a_terminal_gets_colours(environ: dict[str, str], *, coloured: bool) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        report_on(terminal, environ)
        shown = ""
        while "4 checks" not in shown:
            shown += os.read(ours, 10_000).decode()
    os.close(ours)

    assert ("\x1b[31mfailed" in shown) == coloured
