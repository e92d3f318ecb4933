"""The tools that check files of deploy/, in the environment that make sets up for them."""

import functools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.engines.cache import CHECKOUT
from tests.engines.dynamodb_local import tools_are_required

DEPLOY = CHECKOUT / "deploy"

_ENVIRONMENT = Path(".cache", "deploy")
_LOAD_YAML = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin))))"
_LOAD_TEMPLATE = (
    "import json, sys; from cfnlint.decode import cfn_yaml;"
    "print(json.dumps(cfn_yaml.loads(sys.stdin.read())))"
)


@functools.cache
def environment() -> Path:
    """Return the folder of the checkers' environment, set up first where it is missing.

    Where it cannot be, the test that asks is skipped, or fails in CI.
    """
    made = subprocess.run(
        ["make", "--no-print-directory", str(_ENVIRONMENT / ".ready")],
        cwd=CHECKOUT,
        env={name: os.environ[name] for name in os.environ if not name.startswith("MAKE")},
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        reason = f"what checks deploy/ cannot be installed:\n{made.stderr}"
        (pytest.fail if tools_are_required() else pytest.skip)(reason)
    return CHECKOUT / _ENVIRONMENT


def check(name: str, *arguments: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run a checker, and return what it said."""
    return subprocess.run(
        [environment() / "bin" / name, *arguments],
        cwd=CHECKOUT,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


def yaml_documents(path: Path) -> list[Any]:
    """Return the documents of a YAML file."""
    documents: list[Any] = _converted(_LOAD_YAML, path)
    return documents


def template(path: Path) -> Any:
    """Return a CloudFormation template, its short functions written out."""
    return _converted(_LOAD_TEMPLATE, path)


def _converted(code: str, path: Path) -> Any:
    result = check("python", "-c", code, text=path.read_text())
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)
