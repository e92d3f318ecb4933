"""The alert rules are valid, and rest on metrics, labels and values that there are."""

import re
from typing import Any

import grpc
import pytest
import yaml

from pannier.v1 import storage_pb2 as pb
from pannier_server.app import running_sidecar
from pannier_server.config import Settings
from pannier_server.config.addresses import UnixAddress
from pannier_server.metrics.store import OPERATIONS
from tests.metrics.queries import Selector, labels_of, parse, selectors
from tests.metrics.scraping import scrape_here
from tests.project.checkout import ROOT
from tests.sidecars import LOOPBACK

FILE = ROOT / "deploy" / "prometheus" / "alerts.yaml"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(FILE.read_text())["groups"] for rule in group["rules"]
]
NAMES = [rule["alert"] for rule in RULES]

RPCS = {method.name for method in pb.DESCRIPTOR.services_by_name["StorageBackend"].methods}
REASONS = {name.removeprefix("ERROR_REASON_") for name in dict(pb.ErrorReason.items())}
VALUES = {
    "rpc": RPCS,
    "code": {code.name for code in grpc.StatusCode},
    "operation": set(OPERATIONS),
    "result": {"OK", "FAILED", "CANCELLED"} | REASONS,
}
"""Which values labels can have that rules compare with."""

INCREASE = re.compile(r'increase\((\w+)(?:\{(\w+)=~?"([^"]*)"\})?\[')
"""A series that begins with 1 has no increase for Prometheus."""


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_asks_for_series_and_labels_that_are_exported(rule: dict[str, Any]) -> None:
    asked = list(selectors(parse(rule["expr"])))

    assert asked
    assert [one for one in asked if not _is_exported(one)] == []


def _is_exported(selector: Selector) -> bool:
    labels = labels_of(selector.name)
    return labels is not None and selector.labels <= labels


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_compares_labels_with_values_that_there_are(rule: dict[str, Any]) -> None:
    compared = re.findall(r'(\w+)(?:=|!=|=~|!~)"([^"]*)"', rule["expr"])

    for label, value in compared:
        if label in VALUES:
            assert set(value.split("|")) <= VALUES[label]


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_says_what_is_wrong_where_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Pannier[A-Z]\w+", rule["alert"])
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert "{{ $labels.instance }}" in rule["annotations"]["summary"]
    assert rule["annotations"]["description"].endswith(".")


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rules_words_use_labels_that_its_series_keep(rule: dict[str, Any]) -> None:
    used = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
    aggregated = re.search(r"by \(([^)]*)\)", rule["expr"])
    if aggregated is None:
        (only,) = selectors(parse(rule["expr"]))
        kept = labels_of(only.name) or set()
    else:
        kept = set(aggregated[1].split(", "))

    assert used <= kept


async def test_what_a_rule_sees_increase_is_there_before_it_does(
    transport: str, endpoint: UnixAddress
) -> None:
    settings = Settings(
        store="memory:", listen=LOOPBACK, grace=1.0, transport=transport, metrics=endpoint
    )
    async with running_sidecar(settings):
        shown = (await scrape_here(endpoint)).samples()
    asked = [one for rule in RULES for one in re.findall(INCREASE, rule["expr"])]

    assert len(asked) > 3
    for name, label, values in asked:
        for value in values.split("|"):
            assert [
                number
                for (each, labels), number in shown.items()
                if each == name and (not label or (label, value) in labels)
            ], (name, label, value)


def test_no_two_rules_have_one_name() -> None:
    assert len(set(NAMES)) == len(NAMES)
