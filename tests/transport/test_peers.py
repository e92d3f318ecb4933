"""Programs of others are built where they can be; a machine without Go goes without them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.transport import peers


@pytest.fixture(autouse=True)
def _ask_again() -> Iterator[None]:
    peers.problem.cache_clear()
    yield
    peers.problem.cache_clear()


def no_go(monkeypatch: pytest.MonkeyPatch, folder: Path, *, required: bool) -> None:
    (folder / "make").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", os.fspath(folder))
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PANNIER_REQUIRE_TOOLS", "1" if required else "0")


def go_of_version(monkeypatch: pytest.MonkeyPatch, folder: Path, version: str) -> None:
    (folder / "go").write_text(f"#!/bin/sh\necho {version}\n")
    (folder / "go").chmod(0o755)
    monkeypatch.setenv("PATH", os.fspath(folder), prepend=os.pathsep)


def test_without_go_a_test_is_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    no_go(monkeypatch, tmp_path, required=False)
    with pytest.raises(pytest.skip.Exception, match="h2spec cannot be built: go is not installed"):
        peers.peer("h2spec")


def test_without_go_a_test_fails_where_tools_are_required(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    no_go(monkeypatch, tmp_path, required=True)
    with pytest.raises(pytest.fail.Exception, match="h2spec cannot be built: go is not installed"):
        peers.peer("h2spec")


@pytest.mark.parametrize(
    ("version", "problem"),
    [
        ("go1.23.4", "Go 1.23 is older than 1.24"),
        ("go1.24", None),
        ("go1.26.8", None),
        ("devel", None),
    ],
)
def test_an_old_go_is_said_to_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, problem: str | None
) -> None:
    go_of_version(monkeypatch, tmp_path, version)
    assert peers.problem() == problem


def test_a_build_that_fails_shows_why() -> None:
    if peers.problem() is not None:
        pytest.skip(f"nothing can be built: {peers.problem()}")
    with pytest.raises(pytest.fail.Exception, match="No rule to make target"):
        peers.peer("no-such-program")
