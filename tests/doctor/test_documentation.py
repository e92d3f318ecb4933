"""docs/doctor.md lists every check, and no other."""

import re
from pathlib import Path

import pytest

from pannier_server.doctor import areas_of

PAGE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text()
STORES = ("memory:", "sqlite:///pannier.db", "dynamodb://tasks?region=eu-west-1")


def listed() -> dict[str, str]:
    """Return the rows of the page's tables of checks: the id, and what the row says."""
    return dict(re.findall(r"^\| `([a-z]+\.[\w.]+)` \| (.+) \|$", PAGE, re.MULTILINE))


@pytest.fixture
def ids(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Name all checks, those of a third party's store too."""
    monkeypatch.setattr("pannier_server.doctor.found.create_backend", lambda _: None)
    found: list[str] = []
    for store in (*STORES, "other:"):
        _, areas = areas_of({"store": store}, {})
        found += [check.id for area in areas for check in area.checks]
    return list(dict.fromkeys(found))


def test_the_tables_have_every_check_and_no_other_in_the_order_of_the_report(
    ids: list[str],
) -> None:
    assert [*listed()] == ids


def test_every_need_is_a_check_that_comes_before() -> None:
    for store in STORES:
        seen: set[str] = set()
        for area in areas_of({"store": store}, {})[1]:
            for check in area.checks:
                assert set(check.needs) <= seen, check.id
                seen.add(check.id)
