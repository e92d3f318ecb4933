"""Stores for scenarios, and runners that are built once."""

import subprocess
from collections.abc import Callable, Sequence

import pytest

from tests.clients.languages import LANGUAGES, ToolsAbsent, absence_is_a_failure
from tests.clients.plugin import Builds

Runner = Callable[[str], Sequence[str]]


@pytest.fixture(scope="session")
def runner(builds: Builds) -> Runner:
    """Return the command of a language's runner; without its tools the test is skipped."""
    built: dict[str, Sequence[str]] = {}

    def command(name: str) -> Sequence[str]:
        if name not in built:
            folder = LANGUAGES[name].folder
            if folder is not None:
                builds.wait(folder)
            built[name] = _built(name)
        return built[name]

    return command


def _built(name: str) -> Sequence[str]:
    try:
        return LANGUAGES[name].runner()
    except ToolsAbsent as problem:
        if absence_is_a_failure():
            pytest.fail(str(problem))
        pytest.skip(str(problem))
    except subprocess.CalledProcessError as problem:
        pytest.fail(f"the runner was not built:\n{problem.output}")
