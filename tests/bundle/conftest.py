"""The layer, built once, and sandboxes to try it in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bundle.sandbox import Sandbox, build_layer, make_sandbox
from tests.extension.conftest import api, proxy

__all__ = ["api", "proxy"]
"""Fixtures that the tests of the extension have too."""


@pytest.fixture(scope="session")
def layer() -> Path:
    """The layer's zip file."""
    return build_layer()


@pytest.fixture(scope="session")
def sandbox(layer: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A root folder with a C library and the layer."""
    assert layer.exists()
    with make_sandbox(tmp_path_factory.mktemp("sandbox")) as made:
        yield made
