"""How the tests read a page: its blocks, its marks, its commands, and what it shows as output."""

import pytest

from tests.docs.command_lines import commands
from tests.docs.pages import Block, parse
from tests.docs.terminal import SERVING, PageFailed, compare


def _blocks(text: str) -> list[Block]:
    return list(parse(text, "page.md"))


def test_fenced_and_indented_blocks_are_found_with_their_lines() -> None:
    fenced, indented = _blocks(
        "# Page\n\n```sh\nmake\n```\n\nText:\n\n    make test\n\n    make ci\n"
    )
    assert (fenced.place, fenced.text) == ("page.md:3", "make\n")
    assert (indented.place, indented.text) == ("page.md:9", "make test\n\nmake ci\n")
    assert fenced.is_commands
    assert indented.is_commands


def test_what_is_indented_in_a_list_is_text() -> None:
    assert _blocks("- an entry\n\n    that goes on\n") == []


def test_a_mark_holds_for_the_next_block_only() -> None:
    marked, after = _blocks("<!-- not run: why -->\n```sh\na\n```\n\n```sh\nb\n```\n")
    assert (marked.not_run, after.not_run) == ("why", "")


def test_a_mark_may_stand_before_an_indented_block() -> None:
    (marked,) = _blocks("<!-- needs: node, npm -->\n\n    node x\n")
    assert marked.needs == ("node", "npm")


def test_a_block_can_be_a_file() -> None:
    (block,) = _blocks('```go title="cmd/main.go"\npackage main\n```\n')
    assert (block.language, block.title) == ("go", "cmd/main.go")
    assert not block.is_commands


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pannier get a:b", [["pannier", "get", "a:b"]]),
        (
            "pannier serve --store 'x?a=1&b=2' \\\n  --workers 2",
            [["pannier", "serve", "--store", "x?a=1&b=2", "--workers", "2"]],
        ),
        ("A=1 B='2 3' pannier ls a:", [["pannier", "ls", "a:"]]),
        ("pannier get a:b | jq . >out && make", [["pannier", "get", "a:b"], ["jq", "."], ["make"]]),
        ("pannier serve 2>&1 &", [["pannier", "serve"]]),
        ("make  # a comment; pannier", [["make"]]),
        ("id=$(pannier token new)", [["pannier", "token", "new"]]),
        ("python -c 'one\ntwo'", [["python", "-c", "one\ntwo"]]),
    ],
)
def test_commands_are_found_as_a_shell_would(text: str, found: list[list[str]]) -> None:
    assert [list(words) for words in commands(text)] == found


@pytest.mark.parametrize(
    "line", ["make serve ARGS='--store memory:'", ".venv/bin/pannier serve", "make dynamodb"]
)
def test_servers_are_known_as_such(line: str) -> None:
    assert SERVING.match(line)


@pytest.mark.parametrize("line", ["make test", "pannier get serve", "echo pannier serve"])
def test_other_commands_are_no_servers(line: str) -> None:
    assert not SERVING.match(line)


def test_output_is_compared_and_an_ellipsis_stands_for_anything() -> None:
    compare("a …\nb\n", "a 1 2\nb\n")
    with pytest.raises(PageFailed):
        compare("a …\nb\n", "a 1 2\nc\n")
    with pytest.raises(PageFailed):
        compare("a\n", "a\nb\n")
