"""Links between files of the checkout, as links of the site."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

REPOSITORY = "https://github.com/pannier/pannier"

_LINK = re.compile(r"(\]\()([^)\s]+)(\))")
_DEFINITION = re.compile(r"^(\[[^\]]+\]: +)(\S+)()$", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```$|^(?: {4}[^\n]*\n)+|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_ELSEWHERE = re.compile(r"[a-z]+:|#|/")


class BrokenLink(Exception):
    """A link leads nowhere; the message says where it stands."""


def rewrite(text: str, source: str, places: Mapping[str, str], checkout: Path) -> str:
    """Return a page's text with its links as they have to be on the site.

    Args:
        text: The page.
        source: Its file in the checkout.
        places: Where files of the checkout stand on the site.
        checkout: The checkout.

    Raises:
        BrokenLink: A link leads to no file of the checkout.
    """

    def replaced(match: re.Match[str]) -> str:
        target = match[2]
        if not _ELSEWHERE.match(target):
            target = _target(target, source, places, checkout)
        return match[1] + target + match[3]

    return _outside_code(text, lambda part: _DEFINITION.sub(replaced, _LINK.sub(replaced, part)))


def _target(target: str, source: str, places: Mapping[str, str], checkout: Path) -> str:
    file, _, anchor = target.partition("#")
    name = os.path.normpath(os.path.join(os.path.dirname(source), file))  # noqa: PTH118, PTH120
    if not (checkout / name).exists():
        raise BrokenLink(f"{source}: {target} leads to no file")
    fragment = f"#{anchor}" if anchor else ""
    if name in places:
        start = os.path.dirname(places[source]) or "."  # noqa: PTH120
        return os.path.relpath(places[name], start) + fragment
    kind = "tree" if (checkout / name).is_dir() else "blob"
    return f"{REPOSITORY}/{kind}/main/{name}{fragment}"


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    """Change what is no code: that may hold brackets which are no links."""
    parts: list[str] = []
    end = 0
    for code in _CODE.finditer(text):
        parts += [change(text[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, change(text[end:])])
