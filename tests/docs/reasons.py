"""Commands of the checkout that pages show and that are not run from there, and why not.

What runs them instead is named where there is something. Their targets are looked up in the
Makefile all the same.
"""

from collections.abc import Mapping, Sequence

from tests.docs.command_lines import commands
from tests.docs.pages import Block

_IN_CI = "it takes minutes; `make ci` runs what it measures or checks"
_BY_HAND = "it is for as long as one likes; the tests run it briefly"

NOT_RUN: Mapping[Sequence[str], str] = {
    ("make", "attack"): "it takes minutes; the tests run some of the attacks",
    ("make", "audit"): "it asks a service in the internet; the tests run it on answers of theirs",
    ("make", "bench"): _IN_CI,
    ("make", "ci"): "it would run itself",
    ("make", "conformance"): "the tests run the scenarios",
    ("make", "drill"): _IN_CI,
    ("make", "fuzz"): _BY_HAND,
    ("make", "cold-start"): "it takes a minute; the slow tests build and run what it measures",
    ("make", "image"): "the slow tests build it with buildah, and run it",
    ("make", "layer"): "the slow tests build it, and run it in a chroot",
    ("make", "lint"): "CI runs it",
    ("make", "load"): _IN_CI,
    ("make", "lock"): "it changes the checkout",
    ("make", "overload"): "it takes minutes; the tests run one load of it",
    ("make", "proto"): "CI checks that it changes nothing",
    ("make", "sbom"): "the tests run it",
    ("make", "soak"): _BY_HAND,
    ("make", "test"): "it would run itself",
    (".venv/bin/python", "-m"): _BY_HAND,
}

WITH_THE_LAYER = frozenset({"deploy/sam/README.md", "docs/lambda.md"})
"""The pages that `tests/bundle` follows, because what they make needs the layer."""


def reason(command: Sequence[str]) -> str:
    """Return why a command is not run; empty where it is."""
    return NOT_RUN.get(tuple(command[:2]), "")


def is_run(block: Block) -> bool:
    """Return whether the tests run a block's commands, the slow ones perhaps."""
    if not block.is_commands or block.not_run:
        return False
    return not all(reason(command) for command in commands(block.text))
