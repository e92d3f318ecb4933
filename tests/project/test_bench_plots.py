"""The plots are drawn from what was measured."""

import re
from pathlib import Path

import pytest

from bench.comparison import plots
from bench.comparison.contests import AIO, GO, MEMORY_GET, OURS
from tests.engines.dynamodb_local import tools_are_required
from tests.project.bench_results import of_rounds, sample, whole_run

if not tools_are_required():
    pytest.importorskip("matplotlib", reason="installed by `make bench`")

pytestmark = pytest.mark.slow


def _texts(svg: Path) -> list[str]:
    return re.findall(r"<text[^>]*>(?:<tspan[^>]*>)?([^<]+)<", svg.read_text())


def test_a_whole_run_draws_every_plot(tmp_path: Path) -> None:
    drawn = plots.draw_all(whole_run(), tmp_path)
    assert [file.stem for file in drawn] == list(plots.DRAWERS)
    assert {file.name for file in tmp_path.iterdir()} == {file.name for file in drawn}


def test_what_was_not_measured_is_not_drawn(tmp_path: Path) -> None:
    assert plots.draw_all(of_rounds("lone", {}), tmp_path) == []


def test_bars_are_ranked_and_say_what_they_are(tmp_path: Path) -> None:
    costs = {OURS: 16, GO: 31, MEMORY_GET: 35, AIO: 280}
    results = of_rounds("echo", {entry: [sample(cost)] for entry, cost in costs.items()})
    (file,) = plots.draw_all(results, tmp_path)
    texts = _texts(file)
    labels = ["our transport: bare echo", "grpc-go: bare echo", "grpc.aio: bare echo"]
    places = [texts.index(label) for label in reversed(labels)]
    assert places == sorted(places), "the last in the file is on top"
    assert {"16", "31", "35", "280"} <= set(texts)


def test_marks_are_numbers_that_people_write(tmp_path: Path) -> None:
    costs = {OURS: 16, GO: 31, MEMORY_GET: 35, AIO: 1_280}
    results = of_rounds("echo", {entry: [sample(cost)] for entry, cost in costs.items()})
    (file,) = plots.draw_all(results, tmp_path)
    assert {"10", "30", "100", "300", "1,000"} <= set(_texts(file))


def test_a_plot_has_a_ground_of_its_own(tmp_path: Path) -> None:
    for file in plots.draw_all(whole_run(), tmp_path):
        assert '<g id="patch_1">' in file.read_text()
        assert re.search(r'id="patch_1">\s*<path[^>]*style="fill: #ffffff"', file.read_text())


def test_the_same_figures_give_the_same_bytes(tmp_path: Path) -> None:
    again = tmp_path / "again"
    again.mkdir()
    first = [file.read_bytes() for file in plots.draw_all(whole_run(), tmp_path)]
    assert [file.read_bytes() for file in plots.draw_all(whole_run(), again)] == first
