"""The fuzzers find nothing in a short time."""

import os
import random
from collections.abc import Callable

import pytest

from tests.sidecars import memory_in_use
from tests.transport.fuzz.__main__ import FUZZERS

SECONDS = 20.0
MIB = 1024 * 1024


@pytest.mark.parametrize("name", FUZZERS)
def test_nothing_is_found(name: str, record_property: Callable[[str, object], None]) -> None:
    seed = random.SystemRandom().randrange(2**32)
    record_property("seed", seed)
    print(f"python -m tests.transport.fuzz --only {name} --seed {seed}")
    fuzz = FUZZERS[name]
    assert fuzz(SECONDS / 4, seed) > 10
    before = memory_in_use(os.getpid())
    assert fuzz(SECONDS * 3 / 4, seed + 1) > 10
    grown = memory_in_use(os.getpid()) - before
    assert grown < 64 * MIB, f"{grown / MIB:.0f} MiB more are in use"
