"""Who follows a page from top to bottom gets what it promises."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Block, blocks, pages
from tests.docs.reasons import WITH_THE_LAYER, is_run
from tests.docs.terminal import ThisMachine, reader_of
from tests.engines.dynamodb_local import tools_are_required


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _pages(*, with_tools: bool) -> list[Path]:
    """Return the pages whose commands are run; those that need tools are the slow tests'."""
    here = [page for page in pages() if _name(page) not in WITH_THE_LAYER]
    run = {page: [block for block in blocks(page) if is_run(block)] for page in here}
    return [
        page
        for page, typed in run.items()
        if typed and any(block.needs for block in typed) == with_tools
    ]


def _follow(page: Path, machine: ThisMachine, is_possible: Callable[[Block], bool]) -> None:
    with reader_of(machine) as reader:
        for block in blocks(page):
            if is_possible(block) and (is_run(block) or not block.is_commands):
                reader.follow(block)
            else:
                reader.pass_over()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", _pages(with_tools=False), ids=_name)
def test_a_page_can_be_followed(page: Path, machine: ThisMachine) -> None:
    _follow(page, machine, lambda _: True)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", _pages(with_tools=True), ids=_name)
def test_a_page_can_be_followed_with_all_tools(page: Path, machine: ThisMachine) -> None:
    passed_over: list[str] = []

    def is_possible(block: Block) -> bool:
        absent = [tool for tool in block.needs if shutil.which(tool) is None]
        if absent:
            passed_over.append(f"{block.place} needs {' and '.join(absent)}")
        return not absent

    _follow(page, machine, is_possible)
    if passed_over:
        (pytest.fail if tools_are_required() else pytest.skip)("; ".join(passed_over))
