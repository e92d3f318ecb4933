"""The dashboard is one that Grafana takes, and rests on metrics and labels that there are."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from pannier_server.metrics.catalogue import CATALOGUE
from tests.metrics.queries import labels_of, parse, selectors
from tests.project.checkout import ROOT

FILE = ROOT / "deploy" / "grafana" / "pannier.json"
DASHBOARD: dict[str, Any] = json.loads(FILE.read_text())
PANELS: list[dict[str, Any]] = [each for each in DASHBOARD["panels"] if each["type"] != "row"]
TITLES = [panel["title"] for panel in PANELS]

NOT_SHOWN = {
    # The variables ask for it.
    "pannier_build_info",
    # These say what those that are shown say.
    "pannier_transport_calls_total",
    "pannier_transport_connections_opened_total",
    "pannier_transport_handlers",
    "pannier_transport_held_bytes",
    "pannier_transport_turns_cut_total",
    "process_max_fds",
    "process_start_time_seconds",
    "process_virtual_memory_bytes",
}
"""Metrics that are for a closer look."""


def expressions(panel: dict[str, Any]) -> Iterator[str]:
    """Return what a panel asks, with a value in place of each of Grafana's variables."""
    for target in panel["targets"]:
        yield target["expr"].replace("$__rate_interval", "5m")


@pytest.mark.parametrize("panel", PANELS, ids=TITLES)
def test_a_panel_asks_for_series_and_labels_that_are_exported(panel: dict[str, Any]) -> None:
    for expression in expressions(panel):
        for selector in selectors(parse(expression)):
            labels = labels_of(selector.name)
            assert labels is not None, selector.name
            assert selector.labels <= labels


@pytest.mark.parametrize("panel", PANELS, ids=TITLES)
def test_a_panel_shows_the_chosen_sidecars_only(panel: dict[str, Any]) -> None:
    for expression in expressions(panel):
        assert expression.count('job=~"$job", instance=~"$instance"') == len(
            list(selectors(parse(expression)))
        )


@pytest.mark.parametrize("panel", PANELS, ids=TITLES)
def test_a_panels_legend_uses_labels_that_its_series_keep(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        used = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        kept = re.search(r"by \(([^)]*)\)", target["expr"])
        assert used <= set(kept[1].split(", ") if kept else ())


def test_every_metric_is_shown_or_named_as_not() -> None:
    shown = {
        selector.name.removesuffix("_bucket")
        for panel in PANELS
        for expression in expressions(panel)
        for selector in selectors(parse(expression))
    }

    assert shown & NOT_SHOWN == set()
    assert shown | NOT_SHOWN == CATALOGUE.keys()


def test_panels_do_not_lie_on_each_other() -> None:
    for one, other in combinations([panel["gridPos"] for panel in DASHBOARD["panels"]], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above
        assert one["x"] + one["w"] <= 24


def test_it_can_be_imported_beside_any_data_source() -> None:
    variables = [variable["name"] for variable in DASHBOARD["templating"]["list"]]
    sources = re.findall(r'"uid": "([^"]*)"', FILE.read_text())
    ids = [panel["id"] for panel in DASHBOARD["panels"]]

    assert variables == ["datasource", "job", "instance"]
    assert set(sources) == {"pannier", "${datasource}"}
    assert len(set(ids)) == len(ids)
    assert DASHBOARD["schemaVersion"] >= 41
    assert "id" not in DASHBOARD
