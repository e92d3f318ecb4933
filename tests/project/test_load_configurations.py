"""The ghz configurations call what the contract has, with what it takes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bench.rounds import STEPS
from pannier.v1 import storage_pb2
from tests.project.checkout import ROOT

GHZ = ROOT / "bench" / "ghz"
SERVICE = storage_pb2.DESCRIPTOR.services_by_name["StorageBackend"]
CONFIGURATIONS = sorted(GHZ.rglob("*.json"))


def _read(path: Path) -> dict[str, Any]:
    configuration: dict[str, Any] = json.loads(path.read_text())
    return configuration


def test_each_rpc_has_a_configuration() -> None:
    called = {_read(path)["call"] for path in GHZ.glob("*.json")}
    assert called == {f"{SERVICE.full_name}.{method.name}" for method in SERVICE.methods}


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: str(path.relative_to(GHZ)))
def test_a_configuration_fits_the_contract(path: Path) -> None:
    configuration = _read(path)
    assert (ROOT / configuration["proto"]).is_file()
    method = SERVICE.methods_by_name[configuration["call"].rpartition(".")[2]]
    assert configuration["data"].keys() <= set(method.input_type.fields_by_name)


def test_the_load_test_uses_every_configuration() -> None:
    used = {name for step in STEPS for name in (*step.configurations, *step.seeds)}
    there = {str(path.relative_to(GHZ).with_suffix("")) for path in CONFIGURATIONS}
    assert used | {"seed/records"} == there


def test_the_mix_is_100_percent() -> None:
    total = sum(_read(path)["total"] for path in (GHZ / "mixed").glob("*.json"))
    shares = {
        path.stem: _read(path)["total"] * 100 / total for path in (GHZ / "mixed").glob("*.json")
    }
    documented = (GHZ / "README.md").read_text()
    for name, share in shares.items():
        rpc = re.sub(r"(?:^|_)(\w)", lambda match: match[1].upper(), name)
        assert f"{share:.0f} % {rpc}" in documented
