"""The page about performance: prose that people write, with parts that are measured.

A part stands between ``<!-- begin NAME -->`` and ``<!-- end NAME -->``, each on a line of
its own.
"""

import re
from collections.abc import Mapping, Sequence

PART = re.compile(r"^<!-- begin (\S+) -->\n(.*?)^<!-- end \1 -->$", re.MULTILINE | re.DOTALL)


class UnknownPart(Exception):
    """The page has no place for a part; the message names it."""


def part_names(page: str) -> Sequence[str]:
    """Return the names of a page's parts, in their order."""
    return [match[1] for match in PART.finditer(page)]


def replace_parts(page: str, parts: Mapping[str, str]) -> str:
    """Return the page with new text in those parts, and all else as it was.

    Raises:
        UnknownPart: The page has no such part.
    """
    if missing := parts.keys() - set(part_names(page)):
        raise UnknownPart(f"the page has no <!-- begin {' or '.join(sorted(missing))} -->")

    def replaced(match: re.Match[str]) -> str:
        name = match[1]
        if name not in parts:
            return match[0]
        return f"<!-- begin {name} -->\n{parts[name].strip()}\n<!-- end {name} -->"

    return PART.sub(replaced, page)
