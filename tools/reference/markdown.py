"""Text and tables in Markdown."""

import re
from collections.abc import Iterable, Sequence

_IDENTIFIER = re.compile(
    r"(?<![\w`/.\"])((?:google|grpc)\.[\w.]*\w|[A-Za-z]\w*_\w+|--[a-z][a-z-]+)(?![\w`])"
)


def with_code(text: str) -> str:
    """Return text whose names of fields, codes and options are set as code."""
    return _IDENTIFIER.sub(r"`\1`", text)


def paragraphs(comment: str) -> list[str]:
    """Return a comment's paragraphs, each in one line."""
    parts = re.split(r"\n\s*\n", comment.strip())
    return [" ".join(part.split()) for part in parts if part.strip()]


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(map(_cell, cells)) + " |" for cells in lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>")


def sentence(text: str) -> str:
    """Return a phrase as a sentence."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", ")")) else ".")
