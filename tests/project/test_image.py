"""The image: its Dockerfile is sound, and its build does what it should.

No Docker runs here. The commands of the build stage are run as they stand, with the
image's folders inside a temporary one.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.engines.dynamodb_local import tools_are_required
from tests.engines.process import free_port
from tests.project.checkout import ROOT
from tests.project.installation import Installation


class Instruction(NamedTuple):
    """One instruction of a Dockerfile, its lines joined."""

    keyword: str
    text: str


def _instructions() -> list[Instruction]:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    joined = text.replace("\\\n", " ").splitlines()
    return [Instruction(*line.split(maxsplit=1)) for line in joined if line]


def _stages() -> list[list[Instruction]]:
    stages: list[list[Instruction]] = []
    for instruction in _instructions():
        if instruction.keyword == "FROM":
            stages.append([])
        elif stages:
            stages[-1].append(instruction)
    return stages


def _only(keyword: str) -> str:
    """Return the text of the final stage's one instruction of this kind."""
    (text,) = [found.text for found in _stages()[-1] if found.keyword == keyword]
    return text


def _variables() -> Mapping[str, str]:
    return dict(pair.split("=", 1) for pair in _only("ENV").split())


def test_the_dockerfile_has_no_known_mistake() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists() and not tools_are_required():
        pytest.skip("hadolint is not installed")
    result = subprocess.run([hadolint, "Dockerfile"], cwd=ROOT, capture_output=True, check=False)
    assert result.stdout == b""


def test_the_image_runs_as_a_numbered_user_who_is_not_root() -> None:
    user, group = _only("USER").split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert _only("RUN") == f"install -d -o {user} -g {group} -m 0750 /data /run/pannier"


def test_the_health_check_needs_no_shell() -> None:
    command = _only("HEALTHCHECK").partition(" CMD ")[2]
    assert json.loads(command) == ["pannier", "health"]
    assert json.loads(_only("ENTRYPOINT")) == ["pannier"]


def test_the_build_sees_only_what_it_copies() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    copied = {
        source
        for instruction in _instructions()
        if instruction.keyword == "COPY" and "--from" not in instruction.text
        for source in instruction.text.split()[:-1]
    }
    assert "*" in ignored
    assert copied == allowed


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root folder of what the build stage makes, without the base image under it."""
    root = tmp_path_factory.mktemp("image")
    (root / "bin").mkdir()
    (root / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    build, _ = _stages()
    for instruction in build:
        _carry_out(instruction, root)
    return root


def _carry_out(instruction: Instruction, root: Path) -> None:
    workdir = root / "src"
    match instruction:
        case Instruction("WORKDIR", "/src"):
            workdir.mkdir()
        case Instruction("COPY", text):
            *sources, target = text.split()
            for source in sources:
                _copy(ROOT / source, workdir / target)
        case Instruction("RUN", command):
            inside = re.sub(r"(?<!\S)/opt/", f"{root}/opt/", command)
            environment = {**os.environ, "PATH": f"{root}/bin:/usr/bin:/bin", "PIP_QUIET": "1"}
            subprocess.run(["/bin/sh", "-ec", inside], cwd=workdir, env=environment, check=True)
        case other:
            pytest.fail(f"this test cannot carry out {other}")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.mkdir(exist_ok=True)
        shutil.copy(source, target)


@pytest.mark.slow
def test_a_container_is_healthy_once_it_serves(image: Path) -> None:
    installation = Installation(image / "opt" / "pannier")
    for folder in ("data", "run/pannier"):
        (image / folder).mkdir(parents=True)
    variables = {
        name: re.sub("/(data|run)/", rf"{image}/\1/", value).replace("50051", str(free_port()))
        for name, value in _variables().items()
        if name.startswith("PANNIER_")
    }
    with pytest.raises(subprocess.CalledProcessError):
        installation.run("pannier", "health", **variables)
    with installation.serving(variables):
        assert installation.run("pannier", "health", **variables) == "SERVING\n"


@pytest.mark.slow
def test_the_image_holds_no_tests_tools_or_engines(image: Path) -> None:
    (packages,) = (image / "opt" / "pannier").glob("lib/*/site-packages")
    for name in ("pip", "hatchling", "pytest", "tests", "moto", "ministack"):
        assert not (packages / name).exists()
    assert list(image.rglob("*.jar")) == []


@pytest.mark.slow
def test_the_image_can_talk_to_all_services_that_credentials_may_need(image: Path) -> None:
    services = ["dynamodb", "signin", "sso", "sso-oidc", "sts"]
    clients = f"[boto3.client(name, region_name='eu-west-1') for name in {services}]"
    Installation(image / "opt" / "pannier").run("python", "-c", f"import boto3; {clients}")
