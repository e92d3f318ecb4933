"""Each alert fires when it should, and is silent when it should not: Prometheus itself says so."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.engines.cache import CHECKOUT
from tests.engines.dynamodb_local import tools_are_required
from tests.metrics.alert_cases import CASES, WHERE, Case
from tests.metrics.test_alerts import FILE, NAMES, RULES

_PLACES = os.pathsep.join([str(CHECKOUT / ".cache" / "bin"), os.environ["PATH"]])


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool", path=_PLACES)
    if found is None:
        reason = "promtool is missing: install prometheus, which it comes with"
        (pytest.fail if tools_are_required() else pytest.skip)(reason)
    return found


def succeed(*arguments: str | Path) -> None:
    checked = subprocess.run(
        arguments, capture_output=True, text=True, timeout=60, check=False, env={"TZ": "UTC"}
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def as_test(case: Case) -> dict[str, Any]:
    """Return a file that promtool takes."""
    rule = next(rule for rule in RULES if rule["alert"] == case.alert)
    fired = {
        "exp_labels": {**WHERE, **case.labels, **rule["labels"]},
        "exp_annotations": {**rule["annotations"], "summary": case.summary},
    }
    expected: list[tuple[int, list[Any]]] = [(minute, []) for minute in case.silent]
    expected.append((case.fires, [fired]))
    return {
        "rule_files": [str(FILE)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": series, "values": values} for series, values in case.series.items()
                ],
                "alert_rule_test": [
                    {"alertname": case.alert, "eval_time": f"{minute}m", "exp_alerts": alerts}
                    for minute, alerts in sorted(expected, key=lambda each: each[0])
                ],
            }
        ],
    }


def test_every_alert_is_tried_once() -> None:
    assert sorted(case.alert for case in CASES) == sorted(NAMES)


@pytest.mark.slow
def test_prometheus_takes_the_rules(promtool: str) -> None:
    succeed(promtool, "check", "rules", FILE)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=[case.alert for case in CASES])
def test_an_alert_fires_when_it_should_and_only_then(
    case: Case, promtool: str, tmp_path: Path
) -> None:
    # JSON is YAML.
    file = tmp_path / "alert.yaml"
    file.write_text(json.dumps(as_test(case)))
    succeed(promtool, "test", "rules", file)
