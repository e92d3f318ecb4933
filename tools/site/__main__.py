"""``python -m tools.site ZENSICAL``: builds dist/site with that command."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.site.links import BrokenLink, rewrite
from tools.site.loads import loads_from_elsewhere
from tools.site.navigation import as_toml, place, sources, title

CHECKOUT = Path(__file__).resolve().parents[2]
STAGE = CHECKOUT / ".cache" / "site"
"""Where the pages are put together: the builder keeps its own cache beside them."""

SITE = CHECKOUT / "dist" / "site"
SETTINGS = Path(__file__).with_name("zensical.toml")
_HOME = "README.md"


def main(zensical: str) -> int:
    """Build the site; return the exit code."""
    headings = sources(CHECKOUT)
    pages = [source for listed in headings.values() for source in listed]
    unlisted = _pages() - set(pages)
    if unlisted:
        print(f"tools/site/navigation.py has no place for {', '.join(sorted(unlisted))}")
        return 1
    try:
        _stage(pages)
    except BrokenLink as problem:
        print(problem)
        return 1
    navigation = {
        heading: [(title(source, _text(source)), place(source)) for source in listed]
        for heading, listed in headings.items()
    }
    settings = SETTINGS.read_text().replace("nav = []", as_toml(navigation))
    (STAGE / "zensical.toml").write_text(settings)
    built = subprocess.run(
        [Path(zensical).resolve(), "build", "--clean", "--strict"], cwd=STAGE, check=False
    )
    if built.returncode != 0:
        return built.returncode
    loads = list(loads_from_elsewhere(STAGE / "site"))
    if loads:
        print(*loads, sep="\n")
        return 1
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.copytree(STAGE / "site", SITE)
    print(f"docs: {SITE.relative_to(CHECKOUT)}/index.html")
    return 0


def _pages() -> set[str]:
    return {str(path.relative_to(CHECKOUT)) for path in (CHECKOUT / "docs").rglob("*.md")}


def _stage(pages: list[str]) -> None:
    """Put the pages and their pictures where the builder takes them from."""
    shutil.rmtree(STAGE, ignore_errors=True)
    assets = [
        str(path.relative_to(CHECKOUT))
        for path in (CHECKOUT / "docs").rglob("*")
        if path.is_file() and path.suffix != ".md"
    ]
    places: Mapping[str, str] = {
        _HOME: place("docs/index.md"),
        **{source: place(source) for source in [*pages, *assets]},
    }
    for source in [*pages, *assets]:
        target = STAGE / "docs" / place(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source in assets:
            shutil.copy(CHECKOUT / source, target)
        else:
            target.write_text(rewrite(_text(source), source, places, CHECKOUT))


def _text(source: str) -> str:
    return (CHECKOUT / source).read_text()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
