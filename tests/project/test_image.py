"""The Dockerfile is sound; `tests/image` builds and runs what it makes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.engines.dynamodb_local import tools_are_required
from tests.project.checkout import DISTRIBUTIONS, ROOT, project_table


class Instruction(NamedTuple):
    """One instruction of a Dockerfile, its lines joined."""

    keyword: str
    text: str


def _instructions() -> list[Instruction]:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    joined = text.replace("\\\n", " ").splitlines()
    return [Instruction(*line.split(maxsplit=1)) for line in joined if line]


def _final(keyword: str) -> list[str]:
    """Return the texts of the final stage's instructions of this kind."""
    instructions = _instructions()
    starts = [number for number, each in enumerate(instructions) if each.keyword == "FROM"]
    return [each.text for each in instructions[starts[-1] :] if each.keyword == keyword]


def test_the_dockerfile_has_no_known_mistake() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists() and not tools_are_required():
        pytest.skip("hadolint is not installed")
    result = subprocess.run([hadolint, "Dockerfile"], cwd=ROOT, capture_output=True, check=False)
    assert result.stdout == b""


def test_the_image_runs_as_a_numbered_user_who_owns_its_volumes() -> None:
    (whose,) = _final("USER")
    user, group = whose.split(":")
    assert int(user) > 0
    assert int(group) > 0
    (volumes,) = _final("VOLUME")
    folders = " ".join(json.loads(volumes))
    assert _final("RUN")[-1] == f"install -d -o {user} -g {group} -m 0750 {folders}"


def test_neither_the_sidecar_nor_the_health_check_needs_a_shell() -> None:
    (check,) = _final("HEALTHCHECK")
    assert json.loads(check.partition(" CMD ")[2]) == ["pannier", "health"]
    (entrypoint,) = _final("ENTRYPOINT")
    assert json.loads(entrypoint) == ["pannier"]


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


def test_the_label_has_the_version_of_the_distribution() -> None:
    version = project_table(DISTRIBUTIONS["pannier_server"])["version"]
    (labels,) = _final("LABEL")
    assert f'org.opencontainers.image.version="{version}"' in labels
