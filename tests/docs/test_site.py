"""The pages make a site, in which no link is broken and no page is missing."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tools.site.links import REPOSITORY, BrokenLink, rewrite
from tools.site.loads import loads_from_elsewhere
from tools.site.navigation import place, sources

PLACES = {
    "docs/clients.md": "clients.md",
    "docs/reference/settings.md": "reference/settings.md",
    "client/go/README.md": "clients/go.md",
}


def _rewritten(text: str, source: str = "docs/clients.md") -> str:
    return rewrite(text, source, PLACES, ROOT)


def test_a_link_to_a_page_leads_to_where_it_stands_on_the_site() -> None:
    assert _rewritten("[Go](../client/go/README.md#keys)") == "[Go](clients/go.md#keys)"


def test_a_link_from_a_page_that_has_moved_still_leads_there() -> None:
    back = _rewritten("[all](../../docs/clients.md)", "client/go/README.md")
    assert back == "[all](../clients.md)"


def test_a_link_to_code_leads_to_the_repository() -> None:
    assert (
        _rewritten("[it](../tests/sidecars.py)")
        == f"[it]({REPOSITORY}/blob/main/tests/sidecars.py)"
    )
    assert _rewritten("[it](../tests/faults/)") == f"[it]({REPOSITORY}/tree/main/tests/faults)"


def test_a_link_to_nothing_fails() -> None:
    with pytest.raises(BrokenLink, match=r"docs/clients\.md: \.\./gone\.md leads to no file"):
        _rewritten("[gone](../gone.md)")


def test_links_elsewhere_and_brackets_in_code_stay() -> None:
    text = "[a](https://example.org/x) [b](#here) `f[0](gone.md)`\n\n```go\na[0](gone.md)\n```\n"
    assert _rewritten(text) == text


def test_each_page_has_its_own_place() -> None:
    listed = [source for found in sources(ROOT).values() for source in found]
    assert len(set(map(place, listed))) == len(listed)
    assert place("client/go/README.md") == "clients/go.md"
    assert place("docs/decisions/0001-x.md") == "decisions/0001-x.md"


def test_the_navigation_has_every_page() -> None:
    listed = {source for found in sources(ROOT).values() for source in found}
    there = {str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md")}
    assert there - listed == set()


@pytest.mark.parametrize(
    ("name", "text", "loaded"),
    [
        ("a.html", '<script src="https://unpkg.com/x.js"></script>', "https://unpkg.com/x.js"),
        ("a.html", '<link rel="stylesheet" href="//fonts.example/x.css">', "//fonts.example/x.css"),
        ("a.html", '<link rel="preconnect" href="https://f.example">', "https://f.example"),
        ("a.html", '<img src="http://example.org/badge.svg">', "http://example.org/badge.svg"),
        ("a.html", "<style>@import 'https://e.example/x'</style>", "https://e.example/x"),
        ("a.html", '<p style="background: url(//e.example/x)">', "//e.example/x"),
        ("a.html", '<pre class="mermaid"><code>', "mermaid"),
        ("a.html", '<a href="x" data-md-component="source">', "facts of the repository"),
        ("deep/a.svg", '<image xlink:href="https://e.example/x"/>', "https://e.example/x"),
        ("a.css", '@font-face { src: url("https://e.example/x") }', "https://e.example/x"),
    ],
)
def test_what_a_page_loads_from_another_host_is_named(
    tmp_path: Path, name: str, text: str, loaded: str
) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    (found,) = loads_from_elsewhere(tmp_path)
    assert found.startswith(f"{name} loads ")
    assert loaded in found


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://example.org">',
        '<link rel="canonical" href="https://example.org">',
        '<script src="assets/x.js"></script><img src="data:image/png;base64,eA==">',
        "<p>url(https://example.org)</p>",
    ],
)
def test_a_page_may_lead_elsewhere(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.html").write_text(text)
    assert list(loads_from_elsewhere(tmp_path)) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_site_is_built_without_a_warning() -> None:
    # What the make that runs this test was told is its own business.
    told = {"ARGS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    built = subprocess.run(
        ["make", "docs"],
        cwd=ROOT,
        env={name: text for name, text in os.environ.items() if name not in told},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    site = ROOT / "dist" / "site"
    for source in (source for found in sources(ROOT).values() for source in found):
        assert Path(site, place(source)).with_suffix(".html").is_file()
    assert list(loads_from_elsewhere(site)) == []
