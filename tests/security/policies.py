"""The IAM policies that docs/security.md shows."""

import json
import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "security.md"


def policy(heading: str) -> set[str]:
    """Return the operations that the JSON block under a heading allows."""
    text = PAGE.read_text()
    section = text[text.index(f"### {heading}\n") :]
    found = re.search(r"```json\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return operations(json.loads(found[1]))


def operations(document: Any) -> set[str]:
    """Return the operations that a policy for one table allows, and see that it is one."""
    assert document["Version"] == "2012-10-17"
    (statement,) = document["Statement"]
    assert statement["Effect"] == "Allow"
    assert re.fullmatch(r"arn:aws:dynamodb:[a-z0-9-]+:\d{12}:table/\w+", statement["Resource"])
    actions: list[str] = statement["Action"]
    assert actions == sorted(actions)
    assert all(action.startswith("dynamodb:") for action in actions)
    return {action.removeprefix("dynamodb:") for action in actions}
