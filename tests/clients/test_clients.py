"""The unit tests and the documented examples of each client, by its own tools."""

import subprocess

import pytest

from tests.clients.languages import (
    APPROVALS,
    GO,
    JAVA,
    RUST,
    TASKS,
    TYPESCRIPT,
    Folder,
    ToolsAbsent,
    absence_is_a_failure,
)
from tests.clients.plugin import Builds
from tests.engines.table import Table

PATIENCE = pytest.mark.timeout(900)


def make(builds: Builds, folder: Folder, environment: dict[str, str] | None = None) -> None:
    builds.wait(folder)
    try:
        folder.make("test", environment)
    except ToolsAbsent as problem:
        if absence_is_a_failure():
            pytest.fail(str(problem))
        pytest.skip(str(problem))
    except subprocess.CalledProcessError as problem:
        pytest.fail(problem.output)


@PATIENCE
@pytest.mark.parametrize("client", [GO, TYPESCRIPT, JAVA, RUST], ids=lambda folder: folder.path)
def test_a_client_passes_its_own_tests(client: Folder, builds: Builds) -> None:
    make(builds, client)


@PATIENCE
@pytest.mark.parametrize("example", [APPROVALS, TASKS], ids=lambda folder: folder.path)
def test_an_example_works_on_sqlite_and_on_dynamodb(
    example: Folder, dynamodb_table: Table, builds: Builds
) -> None:
    make(builds, example, {"PANNIER_TEST_STORES": dynamodb_table.store_url})
