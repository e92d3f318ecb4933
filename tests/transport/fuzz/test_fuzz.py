"""The fuzzers find nothing in a short time."""

import os

import pytest

from tests.sidecars import memory_in_use
from tests.transport.fuzz.__main__ import FUZZERS

SECONDS = 20.0
# The same each time, so that a failure belongs to a change. By hand each run has its own seed:
# `python -m tests.transport.fuzz`.
SEED = 20_251_121
MIB = 1024 * 1024


@pytest.mark.parametrize("name", FUZZERS)
def test_nothing_is_found(name: str) -> None:
    fuzz = FUZZERS[name]
    assert fuzz(SECONDS / 4, SEED) > 10
    before = memory_in_use(os.getpid())
    assert fuzz(SECONDS * 3 / 4, SEED + 1) > 10
    grown = memory_in_use(os.getpid()) - before
    assert grown < 64 * MIB, f"{grown / MIB:.0f} MiB more are in use"
