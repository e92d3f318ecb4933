"""What pages load from other hosts: nothing, so that whoever reads them is seen by nobody else."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

# Elements and the attributes by which they load something, however they are followed up.
_LOADING = {
    ("script", "src"),
    ("link", "href"),
    ("img", "src"),
    ("img", "srcset"),
    ("source", "src"),
    ("source", "srcset"),
    ("video", "src"),
    ("audio", "src"),
    ("iframe", "src"),
    ("embed", "src"),
    ("object", "data"),
    ("image", "href"),
    ("use", "href"),
}
_STATED_ONLY = {"canonical", "next", "prev", "alternate"}
_ELSEWHERE = re.compile(r"(?:[a-z]+:)?//", re.IGNORECASE)
_IN_STYLE = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)

# For these, the theme's own script loads something.
_DIAGRAM = "mermaid"
_REPOSITORY = ("data-md-component", "source")


def loads_from_elsewhere(site: Path) -> Iterator[str]:
    """Say for each page, style sheet and picture of a site what it loads from another host."""
    for file in sorted(site.rglob("*")):
        if file.suffix in {".html", ".svg"}:
            page = _Page()
            page.feed(file.read_text())
            found = page.found
        elif file.suffix == ".css":
            found = _IN_STYLE.findall(file.read_text())
        else:
            continue
        for loaded in found:
            yield f"{file.relative_to(site)} loads {loaded}"


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name.removeprefix("xlink:"): value or "" for name, value in attrs}
        self._in_style = tag == "style"
        self.found += _IN_STYLE.findall(given.get("style", ""))
        if tag == "link" and given.get("rel") in _STATED_ONLY:
            return
        for name, value in given.items():
            if (tag, name) in _LOADING and _ELSEWHERE.match(value.strip()):
                self.found.append(value)
        if _DIAGRAM in given.get("class", "").split():
            self.found.append("a script that draws mermaid diagrams: make it an SVG")
        if _REPOSITORY in given.items():
            self.found.append("facts of the repository: leave out repo_url")

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.found += _IN_STYLE.findall(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False
