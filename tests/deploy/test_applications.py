"""The programs in deploy/ do what their pages say, over a sidecar."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.deploy.checkers import DEPLOY
from tests.sidecars import sidecar_process


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with sidecar_process("memory:") as sidecar:
        yield sidecar.address


def run(address: str, *command: str) -> str:
    environment = {**os.environ, "PANNIER_ADDRESS": address}
    return subprocess.check_output([sys.executable, *command], env=environment, text=True)


def test_the_application_of_compose_counts_its_starts(address: str) -> None:
    program = str(DEPLOY / "compose" / "app" / "counter.py")
    readme = (DEPLOY / "compose" / "README.md").read_text()
    first = run(address, program)
    assert first == "start 1, version 2\n"
    assert f"`{first.strip()}`" in readme
    assert run(address, program) == "start 2, version 3\n"


def test_the_function_of_sam_counts_its_invocations(address: str) -> None:
    code = (
        f"import json, sys; sys.path.insert(0, {str(DEPLOY / 'sam' / 'function')!r});"
        "from counter import handler; print(json.dumps([handler({}, None) for _ in range(2)]))"
    )
    first, second = json.loads(run(address, "-c", code))
    assert first == {"invocations": 1, "version": 2}
    assert second["invocations"] == 2
    assert f"`{json.dumps(first)}`" in (DEPLOY / "sam" / "README.md").read_text()
