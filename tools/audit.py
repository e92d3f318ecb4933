"""Fails where a package that a lock file pins has a known vulnerability.

    tools/audit.py requirements/runtime.txt ...

pip-audit asks PyPI's advisory service. It fails alike where that cannot be reached and
where it reports something, and takes an index without advisories for good news. Here
those are told apart: a service that gives no answer, or none about a package that is
known to be vulnerable, leaves the audit undone. In CI (``CI=true`` or
``PANNIER_REQUIRE_TOOLS=1``) that is a failure too; elsewhere it is said and passed over.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

VULNERABLE = "urllib3==1.24.1"
"""A release whose vulnerabilities (CVE-2019-11324 and others) have long been published."""

EXIT_CLEAN = 0
EXIT_VULNERABLE = 1
EXIT_NO_ANSWER = 2


class NoAnswer(Exception):
    """The advisory service told nothing that can be relied on."""


def audit(lock_files: Sequence[Path]) -> list[str]:
    """Return a line for each known vulnerability of what the lock files pin.

    Raises:
        NoAnswer: The advisory service cannot be asked, or does not know a package.
    """
    with tempfile.TemporaryDirectory() as folder:
        known_case = Path(folder, "known.txt")
        known_case.write_text(f"{VULNERABLE}\n")
        if not _findings(_ask([known_case])):
            raise NoAnswer(f"it reports nothing about {VULNERABLE}, which is vulnerable")
    return _findings(_ask(lock_files))


def _ask(lock_files: Sequence[Path]) -> list[dict[str, Any]]:
    """Return pip-audit's report on each package."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [
            *(sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps"),
            *("--progress-spinner=off", "--timeout=20", "--format=json", f"--output={report}"),
            *(f"--requirement={lock_file}" for lock_file in lock_files),
        ]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if not report.exists():
            raise NoAnswer(_last_line(ran.stderr))
        packages: list[dict[str, Any]] = json.loads(report.read_text())["dependencies"]
    for package in packages:
        if "skip_reason" in package:
            raise NoAnswer(f"{package['name']}: {package['skip_reason']}")
    return packages


def _findings(packages: list[dict[str, Any]]) -> list[str]:
    return [
        f"{package['name']} {package['version']}: {vulnerability['id']}, "
        f"fixed in {', '.join(vulnerability['fix_versions']) or 'no release yet'}"
        for package in packages
        for vulnerability in package["vulns"]
    ]


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2] or "pip-audit failed without a word"


def _answer_is_required() -> bool:
    names = ("CI", "PANNIER_REQUIRE_TOOLS")
    return any(os.environ.get(name, "").lower() in {"1", "true"} for name in names)


def main(lock_files: Sequence[Path]) -> int:
    """Audit lock files, say what was found, and return the exit code."""
    try:
        findings = audit(lock_files)
    except NoAnswer as reason:
        print(f"audit: not done, the advisory service gave no answer: {reason}", file=sys.stderr)
        return EXIT_NO_ANSWER if _answer_is_required() else EXIT_CLEAN
    if findings:
        print(*findings, sep="\n", file=sys.stderr)
        print("audit: take the fixed releases with `make lock ARGS=--upgrade`", file=sys.stderr)
        return EXIT_VULNERABLE
    print(f"audit: no known vulnerability in {', '.join(path.name for path in lock_files)}")
    return EXIT_CLEAN


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
