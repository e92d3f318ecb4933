"""Saved values in a scenario's JSON, and the paths by which they are saved."""

import re
from collections.abc import Mapping
from typing import Any

_NAME = re.compile(r"\$([A-Za-z_]+)")


def substitute(value: Any, saved: Mapping[str, Any]) -> Any:
    """Return a JSON value in which saved values stand for their names.

    A matcher's own field, such as ``$any``, is no name: only string values are looked at.
    """
    if isinstance(value, dict):
        return {name: substitute(part, saved) for name, part in value.items()}
    if isinstance(value, list):
        return [substitute(part, saved) for part in value]
    if not isinstance(value, str):
        return value
    whole = _NAME.fullmatch(value)
    if whole:
        return saved[whole[1]]
    return _NAME.sub(lambda found: str(saved[found[1]]), value)


def at_path(value: Any, path: str) -> Any:
    """Return a part of a JSON value, as ``pages.0.next_page_token`` names it."""
    for step in path.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value
