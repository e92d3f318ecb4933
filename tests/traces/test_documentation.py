"""docs/traces.md has every attribute that spans have, and no other."""

import re
from pathlib import Path

from pannier_server.tracing import attributes

PAGE = (Path(__file__).parents[2] / "docs" / "traces.md").read_text()


def test_the_attributes_are_those_of_the_table() -> None:
    table = re.search(r"^\| Attribute .*?(?=\n\n)", PAGE, re.MULTILINE | re.DOTALL)
    assert table is not None
    documented = re.findall(r"^\| `([\w.]+)` \|", table[0], re.MULTILINE)

    names = [value for name, value in vars(attributes).items() if name.isupper()]
    assert sorted(documented) == sorted(names)
