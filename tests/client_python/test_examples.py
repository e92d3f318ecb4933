"""The examples in the client's documentation run, against a real sidecar.

Docstring examples find the modules `pannier` and `asyncio`, the names of `datetime`, the
sidecar's `address` and a `store` connected to it. The README's Python blocks find the
sidecar through the environment.
"""

import asyncio
import doctest
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest

import pannier
import pannier.aio
from tests.sidecars import sidecar_process

README = Path(__file__).parents[2] / "client" / "python" / "README.md"


def examples() -> list[doctest.DocTest]:
    names = [module.name for module in pkgutil.iter_modules(pannier.__path__, "pannier.")]
    modules = [pannier, *(import_module(name) for name in names if name != "pannier.v1")]
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [test for module in modules for test in finder.find(module) if test.examples]
    return sorted(found, key=lambda test: test.name)


@pytest.fixture
def address() -> Iterator[str]:
    """Run a sidecar that holds nothing yet."""
    with sidecar_process("memory:") as process:
        yield process.address


@pytest.fixture(scope="module")
def shared_address() -> Iterator[str]:
    """Run a sidecar for all examples; each cleans up before it starts."""
    with sidecar_process("memory:") as process:
        yield process.address


@pytest.mark.parametrize("example", examples(), ids=lambda test: test.name)
def test_an_example_shows_what_happens(example: doctest.DocTest, shared_address: str) -> None:
    with pannier.connect(shared_address) as store:
        for owner in ("alice", "bob", "carol", "dave", "erin"):
            for record in store.list(f"{owner}:", keys_only=True):
                store.delete(record.key)
        example.globs.update(
            pannier=pannier,
            asyncio=asyncio,
            address=shared_address,
            store=store,
            UTC=UTC,
            datetime=datetime,
            timedelta=timedelta,
        )
        flags = doctest.IGNORE_EXCEPTION_DETAIL
        failures: list[str] = []
        runner = doctest.DocTestRunner(optionflags=flags)
        runner.run(example, out=failures.append)
    assert not failures, "".join(failures)


def test_every_public_method_with_a_result_has_an_example() -> None:
    shown = {test.name.rpartition(".")[2] for test in examples() if "store.Store." in test.name}
    methods = {"get", "put", "put_if_version", "create", "update", "delete", "list"}
    assert shown >= methods | {"list_pages", "cleanup_expired"}


def test_the_readme_runs_from_top_to_bottom(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PANNIER_ADDRESS", address)
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    names: dict[str, object] = {"__name__": "readme"}
    for block in blocks:
        exec(compile(block, str(README), "exec"), names)
    shown = re.findall(r"# prints: (.*)", "".join(blocks))
    assert capsys.readouterr().out.splitlines() == shown
