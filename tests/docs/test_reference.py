"""The pages of the reference say what the contract, the settings and the parser say."""

import subprocess
import sys

from pannier.v1.storage_pb2 import ErrorReason
from tests.docs.pages import ROOT


def test_the_reference_is_up_to_date() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "tools.reference", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.stdout + checked.stderr == ""
    assert checked.returncode == 0


def test_operations_says_what_to_do_about_each_reason() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    reasons = [name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()]  # noqa: SIM118
    sent = [name for name in reasons if name != "UNSPECIFIED"]
    explained = [name for name in sent if any(f"`{name}`" in row for row in rows)]
    assert explained == sent
