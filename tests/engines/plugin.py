"""Pytest fixtures for DynamoDB, and what the test report says about the engine.

With ``PANNIER_TEST_TABLE=name`` the tests use that table in AWS, with the account that
the environment names, and no local engine. Without it they see no AWS settings at all.
"""

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.engines import aws_environment, npm_package
from tests.engines.dynamodb_local import Engine, Kind, best_kind, running_engine, tools_are_required
from tests.engines.errors import EngineUnavailable
from tests.engines.table import Table, create_table

NOT_ON_MINISTACK = "not_on_ministack"
REAL_TABLE = os.environ.get("PANNIER_TEST_TABLE") or None


def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests away from every AWS account that nobody named."""
    config.addinivalue_line("markers", f"{NOT_ON_MINISTACK}(why): needs AWS's own engine")
    if REAL_TABLE is None:
        aws_environment.isolate()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what ministack does otherwise than DynamoDB; the mark says what that is."""
    mark = item.get_closest_marker(NOT_ON_MINISTACK)
    if mark is None or REAL_TABLE is not None or tools_are_required():
        return
    if npm_package.problem() is not None:
        pytest.skip(f"not on ministack: {mark.args[0]}")


def pytest_report_header() -> str:
    """Say which engine the DynamoDB tests use."""
    return f"dynamodb: {_engine_in_words()}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it again where it is not the engine that counts."""
    if REAL_TABLE is None and npm_package.problem() is not None:
        terminalreporter.section("DynamoDB", sep="!", yellow=True, bold=True)
        terminalreporter.line(_engine_in_words(), yellow=True, bold=True)


@pytest.fixture(scope="session")
def dynamodb_engine() -> Iterator[Engine]:
    """A local engine that all tests share. Who stops an engine starts one of their own."""
    if REAL_TABLE is not None:
        pytest.skip("needs a local engine, but PANNIER_TEST_TABLE names a real table")
    with running_engine() as engine:
        yield engine


@pytest.fixture(scope="session")
def dynamodb_table(request: pytest.FixtureRequest) -> Table:
    """A table that all tests share: keys PK and SK, TTL on expires_at."""
    if REAL_TABLE is not None:
        return Table(REAL_TABLE, region=None)
    engine: Engine = request.getfixturevalue("dynamodb_engine")
    return create_table(Table(f"pannier_test_{uuid4().hex}", endpoint=engine.endpoint))


def _engine_in_words() -> str:
    if REAL_TABLE is not None:
        return f"the real table {REAL_TABLE}"
    try:
        kind = best_kind()
    except EngineUnavailable as unavailable:
        return f"none: {unavailable}"
    if kind is Kind.DYNAMODB_LOCAL:
        return kind
    return (
        f"{kind} INSTEAD OF DynamoDB Local, because {npm_package.problem()}. "
        "It differs from DynamoDB in places."
    )
