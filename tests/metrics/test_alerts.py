"""The alert rules are valid, and rest on metrics, labels and values that there are."""

import re
import shutil
import subprocess
from typing import Any

import grpc
import pytest
import yaml

from pannier.v1 import storage_pb2 as pb
from pannier_server.metrics.store import OPERATIONS
from tests.metrics.queries import Selector, labels_of, parse, selectors
from tests.project.checkout import ROOT

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


def test_no_two_rules_have_one_name() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="install promtool, which comes with Prometheus"
)
def test_prometheus_takes_the_rules() -> None:
    checked = subprocess.run(
        ["promtool", "check", "rules", FILE],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
