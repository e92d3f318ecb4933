"""Pages of Markdown, as blocks of code with what stands around them.

A block of commands is fenced as ``sh``, or indented. A comment right before it can say how a
test is to take it:

* ``<!-- not run: it needs an AWS account -->``: never run, and why not
* ``<!-- needs: go -->``: run by the slow tests only, where these commands are installed

A block of code with ``title="FILE"`` is saved as that file, and a ``text`` block after a block
of commands is what they print, where ``…`` stands for anything.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {"sh", "bash", "shell"}
OUTPUT = "text"
INDENTED = "indented"

_FENCE = re.compile(r"^```(?P<language>[\w+-]*)(?P<rest>[^`]*)$")
_TITLE = re.compile(r'title="([^"]+)"')
_MARK = re.compile(r"^<!-- (?P<kind>not run|needs): (?P<text>.+?) -->$")
_IN_LIST = re.compile(r"^(\s|[-*+] |\d+\. )")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code.

    Attributes:
        page: The page's path in the checkout.
        line: Where the block begins, from 1.
        language: What its fence says; "indented" where it has none.
        text: The code.
        title: The file to save it as; empty for none.
        not_run: Why its commands are not run; empty where they are.
        needs: The commands that have to be installed to run it.
    """

    page: str
    line: int
    language: str
    text: str
    title: str = ""
    not_run: str = ""
    needs: Sequence[str] = ()

    @property
    def is_commands(self) -> bool:
        """Whether it is something to type into a terminal."""
        return self.language in COMMANDS or self.language == INDENTED

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Return the pages that people follow: the README, those of the site, and of deploy/."""
    folders = (ROOT / "docs", ROOT / "deploy")
    below = [page for folder in folders for page in sorted(folder.rglob("*.md"))]
    return [ROOT / "README.md", *below]


def blocks(page: Path) -> list[Block]:
    """Return a page's blocks of code, from top to bottom."""
    return list(parse(page.read_text(), str(page.relative_to(ROOT))))


def parse(text: str, page: str) -> Iterator[Block]:
    """Find the blocks of code in Markdown."""
    lines = text.splitlines()
    before = ""  # the last line with text outside of blocks
    at = 0
    while at < len(lines):
        start = at
        fence = _FENCE.match(lines[at])
        if fence:
            at = _end_of_fence(lines, at)
            yield _block(page, start, fence["language"], lines[start + 1 : at], before, fence[0])
            before = ""
        elif lines[at].startswith("    ") and not _IN_LIST.match(before):
            at = _end_of_indent(lines, at)
            code = [line[4:] for line in lines[start : at + 1]]
            yield _block(page, start, INDENTED, code, before)
            before = ""
        elif lines[at].strip():
            before = lines[at]
        at += 1


def _end_of_fence(lines: Sequence[str], at: int) -> int:
    """Return the index of the closing fence."""
    return next(index for index in range(at + 1, len(lines)) if lines[index].rstrip() == "```")


def _end_of_indent(lines: Sequence[str], at: int) -> int:
    """Return the index of the last indented line; blank lines do not end a block."""
    last = at
    for index in range(at, len(lines)):
        if lines[index].startswith("    "):
            last = index
        elif lines[index].strip():
            break
    return last


def _block(
    page: str, start: int, language: str, code: Sequence[str], before: str, fence: str = ""
) -> Block:
    mark, title = _MARK.match(before), _TITLE.search(fence)
    is_needs = mark is not None and mark["kind"] == "needs"
    return Block(
        page,
        start + 1,
        language,
        "\n".join(code) + "\n",
        title=title[1] if title else "",
        not_run=mark["text"] if mark and not is_needs else "",
        needs=tuple(mark["text"].replace(",", " ").split()) if mark and is_needs else (),
    )
