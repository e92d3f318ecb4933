"""The page about performance holds what the benchmark measures, and says how."""

import platform
import re
import sys
from pathlib import Path

import pytest

from bench import servers
from bench.comparison import __main__ as comparison
from bench.comparison import machine, plots, tables
from bench.comparison.contests import CONTESTS, H2
from bench.comparison.document import UnknownPart, part_names, replace_parts
from bench.comparison.entries import Call, Kind
from bench.comparison.goals import SERVER_GOALS
from bench.comparison.rounds import NAMES
from bench.comparison.samples import Results
from tests.engines.dynamodb_local import tools_are_required
from tests.project.bench_results import of_rounds, sample, whole_run
from tests.project.checkout import ROOT

PAGE = (ROOT / "docs" / "performance.md").read_text()
ATTACKS = "attacks"
"""The part that `make attack` writes."""


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_table_lines_up_with_text_left_and_numbers_right() -> None:
    assert tables.markdown(("name", "us"), [("a", "1,000"), ("long name", "5")]).splitlines() == [
        "| name      |    us |",
        "| --------- | ----: |",
        "| a         | 1,000 |",
        "| long name |     5 |",
    ]


def test_a_contests_table_has_ratios_before_absolute_figures() -> None:
    grpcio = CONTESTS["paths"].entries[2]
    results = of_rounds("paths", {H2: [sample(50)] * 3, grpcio: [sample(150, p50=0.25)] * 3})
    headings, _, *lines = tables.contest_table(CONTESTS["paths"], results).splitlines()
    assert _cells(headings) == [
        "server",
        "CPU ÷ Pannier, h2",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "CPU us/request",
        "peak MiB",
        "engine's CPU us",
    ]
    assert [_cells(line) for line in lines] == [
        ["Pannier, h2", "", "4,000", "1.00", "2.00", "200", "50.0", "64", "50.0"],
        ["Pannier, grpcio", "3.00", "4,000", "250", "2.00", "200", "150", "64", "50.0"],
    ]


def test_a_write_is_compared_with_the_same_write() -> None:
    contest = CONTESTS["sizes"]
    put = next(
        entry
        for entry in contest.entries
        if entry.kind is Kind.PANNIER_GRPCIO and entry.call is Call.PUT
    )
    reference = contest.reference(put)
    assert reference is not None
    assert (reference.call, reference.record_bytes) == (Call.PUT, put.record_bytes)


def test_the_goals_table_says_whether_each_is_met() -> None:
    goal, missed = SERVER_GOALS[0], SERVER_GOALS[1]
    results = of_rounds(
        goal.contest,
        {
            goal.over: [sample(5), sample(6)],
            goal.under: [sample(10)] * 2,
            missed.under: [sample(10)] * 2,
        },
    )
    _, _, *lines = tables.goals_table(SERVER_GOALS, results).splitlines()
    assert [_cells(line) for line in lines] == [
        [goal.name, "≤ 0.8", "0.55", "0.50 to 0.60", "yes"],
        [missed.name, "≤ 1/10", "0.55", "0.50 to 0.60", "**no**"],
    ]


def test_starts_are_shown_with_their_memory_and_compared_with_ours() -> None:
    lines = tables.starts_table(whole_run()).splitlines()
    assert _cells(lines[2]) == ["Pannier, h2", "memory:", "1", "", "250", "40"]
    assert _cells(lines[3]) == ["Pannier, grpcio", "memory:", "1", "1.00", "250", "40"]
    assert _cells(lines[-1]) == ["grpc-go", "", "1", "", "250", "40"]


def test_only_the_named_parts_of_a_page_are_replaced() -> None:
    page = "a\n<!-- begin one -->\n<!-- end one -->\nb\n<!-- begin two -->\nold\n<!-- end two -->\n"
    replaced = replace_parts(page, {"one": r"| \1 |"})
    assert replaced == page.replace("one -->\n<!--", "one -->\n| \\1 |\n<!--", 1)
    assert replace_parts(replaced, {"one": "| new |"}).count("|") == 2


def test_a_part_without_a_place_is_an_error() -> None:
    with pytest.raises(UnknownPart, match="one"):
        replace_parts("no place", {"one": "text"})


def test_the_page_has_a_place_for_each_part() -> None:
    assert {*part_names(PAGE)} == {*comparison.parts(whole_run()), ATTACKS}


def test_the_page_says_how_to_measure_each_part_again() -> None:
    assert re.findall(r"make bench ARGS='--only (\S+)'", PAGE) == list(NAMES)


def test_the_page_shows_each_plot() -> None:
    shown = re.findall(r"\]\(performance/(\w+)\.svg\)", PAGE)
    assert {*shown} - {ATTACKS} == {*plots.DRAWERS}


def test_the_page_links_to_files_that_are_there() -> None:
    links = re.findall(r"\]\((\.\./[^)#]+)\)", PAGE)
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


def test_the_page_explains_each_contender() -> None:
    explained = PAGE.partition("| In the tables |")[2].partition("\n\n")[0]
    assert [kind for kind in Kind if kind.removesuffix(", h2") not in explained] == []


def test_the_machine_has_no_name_on_the_page() -> None:
    described = machine.describe()
    assert f"{sys.version_info.major}.{sys.version_info.minor}." in described
    assert "grpc-go 1." in described
    assert platform.node() not in described.split()


@pytest.mark.slow
def test_a_quick_run_leaves_the_page_alone(tmp_path: Path) -> None:
    if not tools_are_required():
        pytest.importorskip("matplotlib", reason="installed by `make bench`")
    comparison.write(whole_run(), tmp_path)
    written = (tmp_path / "performance.md").read_text()
    assert (ROOT / "docs" / "performance.md").read_text() == PAGE
    assert "| Pannier, h2 " in written
    lines = (tmp_path / "performance" / "results.jsonl").read_text().splitlines()
    assert Results.of_lines(lines) == whole_run()


def test_a_server_that_ends_at_once_says_why() -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such flag')"]
    with (
        pytest.raises(servers.ServerFailed, match="no such flag"),
        servers.running(command, servers.free_address()),
    ):
        pass
