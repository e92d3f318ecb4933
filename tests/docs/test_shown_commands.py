"""Each command that a page shows exists as it is written, also where it is not run.

Whether a block is run is said in `tests.docs.pages` and `tests.docs.reasons`.
"""

import importlib.util
import json
import re
from argparse import Namespace
from collections.abc import Sequence
from pathlib import PurePath

import pytest
from google.protobuf import json_format

from pannier.v1 import storage_pb2
from pannier_server.cli.entry import build_parser
from pannier_server.config import load_settings
from pannier_server.config.options import variable_name
from pannier_server.config.settings import OPTIONS
from tests.docs.command_lines import commands, lines
from tests.docs.pages import ROOT, Block, blocks, pages
from tests.docs.reasons import is_run, reason

SHOWN = [block for page in pages() for block in blocks(page)]
TYPED = [block for block in SHOWN if block.is_commands]
CLIENTS = {"PANNIER_ADDRESS", "PANNIER_TOKEN", "PANNIER_CONFIG"}
# Read by the tests and by the examples' tests, not by the sidecar.
TESTS = {"PANNIER_TEST_TABLE", "PANNIER_TEST_STORES", "PANNIER_REQUIRE_TOOLS", "PANNIER_COMMAND"}


def _place(block: Block) -> str:
    return block.place


def _named(block: Block, *names: str) -> list[Sequence[str]]:
    """Return the commands of a block that are called so, wherever they lie."""
    return [words for words in commands(block.text) if PurePath(words[0]).name in names]


def _targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text()
    return set(re.findall(r"^\.PHONY: ([a-z-]+)$", makefile, re.MULTILINE))


def _parse(arguments: Sequence[str], place: str) -> Namespace:
    try:
        return build_parser().parse_args(arguments)
    except SystemExit as end:
        if end.code == 0:
            return Namespace()
        pytest.fail(f"{place}: pannier {' '.join(arguments)}: see above")


@pytest.mark.parametrize(
    "block", [block for block in TYPED if _named(block, "pannier")], ids=_place
)
def test_the_command_line_takes_what_pages_show(block: Block) -> None:
    for _, *arguments in _named(block, "pannier"):
        parsed = _parse([word for word in arguments if word != "…"], block.place)
        elsewhere = "--config" in arguments or any("$" in word for word in arguments)
        if arguments[:1] == ["serve"] and not elsewhere:
            load_settings(vars(parsed), {})


def test_make_has_what_pages_show() -> None:
    targets = _targets()
    unknown = [
        f"{block.place}: make {' '.join(arguments)}"
        for block in TYPED
        for _, *arguments in _named(block, "make")
        if not _is_elsewhere(arguments) and arguments[0] not in targets
    ]
    assert unknown == []


def _is_elsewhere(arguments: Sequence[str]) -> bool:
    """Whether make is called for a folder below, whose Makefile tests of its own try."""
    return "-C" in arguments


def test_modules_that_pages_run_exist() -> None:
    unknown = [
        f"{block.place}: {words[2]}"
        for block in TYPED
        for words in _named(block, "python", "python3")
        if words[1:2] == ["-m"] and words[2] != "venv" and not importlib.util.find_spec(words[2])
    ]
    assert unknown == []


@pytest.mark.parametrize(
    "block", [block for block in TYPED if _named(block, "grpcurl")], ids=_place
)
def test_requests_by_hand_are_those_of_the_contract(block: Block) -> None:
    service = storage_pb2.DESCRIPTOR.services_by_name["StorageBackend"]
    for words in _named(block, "grpcurl"):
        method = service.methods_by_name[words[-1].rpartition("/")[2]]
        body = json.loads(words[words.index("-d") + 1])
        request = getattr(storage_pb2, method.input_type.name)()
        json_format.ParseDict(body, request)


def test_a_block_is_run_as_a_whole_or_not_at_all() -> None:
    mixed = [
        block.place
        for block in TYPED
        if is_run(block) and any(reason(command) for command in commands(block.text))
    ]
    assert mixed == []


def test_commands_are_shown_as_commands() -> None:
    """A fence without a language, or with another one, would hide them from these tests."""
    hidden = [
        block.place
        for block in SHOWN
        if block.language in {"", "console"}
        and any(re.match(r"(\$ )?(pannier|make|\.venv/bin/)", line) for line in lines(block.text))
    ]
    assert hidden == []


def test_environment_variables_that_pages_name_are_read_by_something() -> None:
    known = {*map(variable_name, OPTIONS), *CLIENTS, *TESTS}
    unknown = [
        f"{page.relative_to(ROOT)}: {name}"
        for page in pages()
        for name in re.findall(r"PANNIER_[A-Z][A-Z_]*[A-Z]", page.read_text())
        if name not in known
    ]
    assert unknown == []
