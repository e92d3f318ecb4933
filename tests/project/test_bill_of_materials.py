"""The bill of materials names all that the lock files pin, and nothing else."""

import json
import re
import subprocess
from typing import Any

import pytest

from tests.project.checkout import DISTRIBUTIONS, ROOT, project_table

pytestmark = pytest.mark.slow

PIN = re.compile(r"^([\w.-]+)==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}.*\n)+)", re.MULTILINE)


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    subprocess.run(["make", "--silent", "sbom"], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    found: dict[str, Any] = json.loads((ROOT / "dist" / "pannier-server.cdx.json").read_text())
    return found


def test_it_is_about_the_sidecar(bill: dict[str, Any]) -> None:
    server = project_table(DISTRIBUTIONS["pannier_server"])
    about = bill["metadata"]["component"]
    assert bill["bomFormat"] == "CycloneDX"
    assert (about["name"], about["version"]) == (server["name"], server["version"])


def test_it_names_each_locked_package_with_its_version_and_hashes(bill: dict[str, Any]) -> None:
    locks = [(ROOT / "requirements" / f"{name}.txt").read_text() for name in ("runtime", "otel")]
    client = project_table(DISTRIBUTIONS["pannier"])
    locked = {
        (name, version): set(re.findall("sha256:([0-9a-f]{64})", hashes))
        for name, version, hashes in PIN.findall("".join(locks))
    }
    assert len(locked) > 20
    assert len(bill["components"]) == len(locked) + 1
    assert {
        (part["name"], part["version"]): hashes_of(part) for part in bill["components"]
    } == locked | {(client["name"], client["version"]): set()}
    for part in bill["components"]:
        assert part["purl"] == f"pkg:pypi/{part['name']}@{part['version']}"


def test_it_is_the_same_each_time(bill: dict[str, Any]) -> None:
    assert "serialNumber" not in bill
    assert "timestamp" not in bill["metadata"]


def hashes_of(part: dict[str, Any]) -> set[str]:
    return {
        digest["content"]
        for place in part["externalReferences"]
        for digest in place.get("hashes", [])
        if digest["alg"] == "SHA-256"
    }
