"""The audit tells a vulnerable package from a service that cannot be asked."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.project.checkout import ROOT

AUDIT = ROOT / "tools" / "audit.py"
VULNERABLE = "urllib3==1.24.1"

# Answers each requirements file with the reports named for its first line's package.
STAND_IN = """
import json, pathlib, sys
arguments = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
lines = pathlib.Path(arguments["--requirement"]).read_text().splitlines()
reports = json.loads(pathlib.Path(__file__).with_name("reports.json").read_text())
report = reports[lines[0]]
if isinstance(report, str):
    sys.exit(report)
pathlib.Path(arguments["--output"]).write_text(json.dumps({"dependencies": [report]}))
sys.exit(1 if report.get("vulns") else 0)
"""

CLEAN = {"name": "six", "version": "1.0", "vulns": []}
FLAW = {"id": "PYSEC-1", "fix_versions": ["2.0"]}
FLAWED = {"name": "six", "version": "1.0", "vulns": [FLAW]}
UNFIXED = {"name": "six", "version": "1.0", "vulns": [FLAW | {"fix_versions": []}]}
UNKNOWN = {"name": "six", "skip_reason": "Dependency not found"}
OFFLINE = "ERROR: Could not connect to the vulnerability feed"


def run_audit(
    folder: Path,
    report: Any,
    known_case: Any = FLAWED,
    environment: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Audit one package with a stand-in for pip-audit; return the exit code and all output."""
    (folder / "pip_audit.py").write_text(STAND_IN)
    (folder / "reports.json").write_text(json.dumps({VULNERABLE: known_case, "six==1.0": report}))
    (folder / "lock.txt").write_text("six==1.0\n")
    outside_ci = {name: value for name, value in os.environ.items() if name != "CI"}
    outside_ci.pop("PANNIER_REQUIRE_TOOLS", None)
    ran = subprocess.run(
        [sys.executable, AUDIT, folder / "lock.txt"],
        env={**outside_ci, "PYTHONPATH": str(folder), **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_packages_without_known_vulnerabilities_pass(tmp_path: Path) -> None:
    assert run_audit(tmp_path, CLEAN) == (0, "audit: no known vulnerability in lock.txt\n")


@pytest.mark.parametrize(("report", "fix"), [(FLAWED, "2.0"), (UNFIXED, "no release yet")])
@pytest.mark.parametrize("ci", [{}, {"CI": "true"}], ids=["by hand", "in CI"])
def test_a_vulnerable_package_fails_with_what_fixes_it(
    tmp_path: Path, report: Any, fix: str, ci: Mapping[str, str]
) -> None:
    code, output = run_audit(tmp_path, report, environment=ci)
    assert code == 1
    assert f"six 1.0: PYSEC-1, fixed in {fix}\n" in output


@pytest.mark.parametrize(
    ("report", "known_case", "reason"),
    [
        (OFFLINE, OFFLINE, OFFLINE),
        (OFFLINE, FLAWED, OFFLINE),
        (UNKNOWN, FLAWED, "six: Dependency not found"),
        (CLEAN, CLEAN, f"it reports nothing about {VULNERABLE}"),
    ],
    ids=["offline", "breaks off", "knows not all", "has no advisories"],
)
def test_a_service_that_cannot_be_relied_on_is_named_and_fails_only_in_ci(
    tmp_path: Path, report: Any, known_case: Any, reason: str
) -> None:
    code, output = run_audit(tmp_path, report, known_case)
    assert code == 0
    assert output.startswith(f"audit: not done, the advisory service gave no answer: {reason}")
    for ci in ({"CI": "true"}, {"PANNIER_REQUIRE_TOOLS": "1"}):
        assert run_audit(tmp_path, report, known_case, ci)[0] == 2
