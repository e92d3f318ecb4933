"""The two Python distributions say the same as the code and the lock files."""

import re
from importlib import import_module

import pytest

from tests.project.checkout import DISTRIBUTIONS, ROOT, project_table


def _name(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower()


@pytest.mark.parametrize("package", DISTRIBUTIONS)
def test_the_package_has_the_version_of_its_distribution(package: str) -> None:
    assert import_module(package).__version__ == project_table(DISTRIBUTIONS[package])["version"]


def test_both_distributions_have_the_same_version() -> None:
    versions = {project_table(folder)["version"] for folder in DISTRIBUTIONS.values()}
    assert len(versions) == 1
    assert f"pannier=={versions.pop()}" in project_table(ROOT / "server")["dependencies"]


def test_what_the_distributions_need_is_what_is_locked_for_run_time() -> None:
    declared = {
        _name(requirement)
        for folder in DISTRIBUTIONS.values()
        for requirement in project_table(folder)["dependencies"]
    }
    lines = (ROOT / "requirements" / "runtime.in").read_text().splitlines()
    assert declared - {"pannier"} == {_name(line) for line in lines if not line.startswith("#")}


def test_the_client_needs_no_more_than_grpc_and_protobuf() -> None:
    needed = {_name(each) for each in project_table(DISTRIBUTIONS["pannier"])["dependencies"]}
    assert needed == {"grpcio", "protobuf", "googleapis-common-protos"}
