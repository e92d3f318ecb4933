"""The checker, built when a test first needs it."""

from pathlib import Path

import pytest

from tests.linearizability import checker
from tests.transport.peers import peer


@pytest.fixture(scope="session")
def checker_program() -> Path:
    """Return the checker's program."""
    return peer(checker.NAME)
