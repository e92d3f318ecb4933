"""What the sidecar brings along, and why: nothing gets onto the list unnoticed."""

import ast
import functools
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.checkout import DISTRIBUTIONS, ROOT, project_table

REASONS = {
    "boto3": "credentials and their refresh, endpoints, making and checking tables",
    "googleapis-common-protos": "google.rpc's Status and details, which every error is",
    "grpcio": "the second transport, the Python client",
    "grpcio-health-checking": "the messages of grpc.health.v1, which orchestrators ask",
    "grpcio-reflection": "the messages of reflection, which grpcurl and its like ask",
    "httptools": "parsing DynamoDB's HTTP answers at C speed",
    "msgspec": "DynamoDB's JSON at C speed, and values that cost little to make",
    "platformdirs": "the user's data folder on each system",
    "prometheus-client": "writing metrics down as Prometheus reads them",
    "protobuf": "the contract's messages",
    "uvloop": "the event loop",
}
"""Each package that we ask for, and what it does for us."""

BROUGHT_ALONG = {
    "botocore": "boto3",
    "jmespath": "boto3",
    "python-dateutil": "botocore",
    "s3transfer": "boto3",
    "six": "python-dateutil",
    "typing-extensions": "grpcio",
    "urllib3": "botocore",
}
"""Each package that another one needs, and which."""

MODULES = {
    "googleapis-common-protos": "google.rpc",
    "grpcio": "grpc",
    "grpcio-health-checking": "grpc_health",
    "grpcio-reflection": "grpc_reflection",
    "prometheus-client": "prometheus_client",
    "protobuf": "google.protobuf",
}
"""The module of each package that is not named after it."""


def locked() -> set[str]:
    lock = (ROOT / "requirements" / "runtime.txt").read_text()
    return set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))


def without_version(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0]


def test_we_ask_for_nothing_without_a_reason() -> None:
    lines = (ROOT / "requirements" / "runtime.in").read_text().splitlines()
    asked_for = [line for line in lines if line and not line.startswith("#")]
    assert asked_for == sorted(REASONS)


def test_nothing_else_comes_along() -> None:
    assert locked() == REASONS.keys() | BROUGHT_ALONG.keys()
    assert set(BROUGHT_ALONG.values()) <= locked()


def test_the_distributions_ask_for_the_same() -> None:
    tables = [project_table(folder) for folder in DISTRIBUTIONS.values()]
    ours = {table["name"] for table in tables}
    asked_for = {without_version(each) for table in tables for each in table["dependencies"]}
    assert asked_for - ours == REASONS.keys()


@pytest.mark.parametrize("package", REASONS)
def test_each_package_is_used_by_what_is_shipped(package: str) -> None:
    module = MODULES.get(package, package)
    assert any(f"{used}.".startswith(f"{module}.") for used in shipped_imports())


def test_what_is_shipped_uses_nothing_else() -> None:
    known = {MODULES.get(package, package).partition(".")[0] for package in REASONS}
    used = {module.partition(".")[0] for module in shipped_imports()}
    others = used - known - DISTRIBUTIONS.keys() - sys.stdlib_module_names
    # Traces, and the test suite that the server ships, have extras of their own; one is for
    # type checkers.
    extras = {"opentelemetry", "hypothesis", "pytest"}
    assert others <= {"botocore", "mypy_boto3_dynamodb"} | extras


def test_the_extra_for_traces_asks_for_what_is_locked() -> None:
    lines = (ROOT / "requirements" / "otel.in").read_text().splitlines()
    extra = project_table(DISTRIBUTIONS["pannier_server"])["optional-dependencies"]["otel"]
    assert [line for line in lines if not line.startswith(("#", "-"))] == [
        without_version(each) for each in extra
    ]


@functools.cache
def shipped_imports() -> frozenset[str]:
    """Return the modules that the two distributions import."""
    return frozenset(
        module
        for package, folder in DISTRIBUTIONS.items()
        for source in (folder / package).rglob("*.py")
        for module in imports(source)
    )


def imports(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
