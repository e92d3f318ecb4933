"""Owner patterns match what they say, and nothing else, whatever characters owners have."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pannier_server.security.authorization import _owner
from pannier_server.security.owners import OwnerSet, parse_owner_pattern
from pannier_server.service.errors import InvalidRequest
from pannier_server.service.requests import parse_key, parse_prefix

# Few letters, so that what is drawn meets; some that regular expressions, globs and
# databases take for something else.
LETTERS = st.text(alphabet="ab*?[.\\é\u0301\U0001f600\n%_", max_size=6)
PARTS = LETTERS.map(lambda text: text.replace("*", ""))
OWNERS = LETTERS.filter(bool)
PATTERNS = st.one_of(PARTS.filter(bool), st.tuples(PARTS, PARTS).map("*".join))


@given(PATTERNS, OWNERS)
@example("ab*ba", "aba")
@example("a*", "a")
@example("*", "*")
@example("é", "e\u0301")
def test_a_star_is_any_characters_and_everything_else_is_itself(pattern: str, owner: str) -> None:
    expression = "(?s:.*)".join(map(re.escape, pattern.split("*")))

    matches = parse_owner_pattern(pattern).matches(owner)

    assert matches == bool(re.fullmatch(expression, owner))


@given(st.lists(PATTERNS, max_size=4), OWNERS)
def test_a_set_has_whom_one_of_its_patterns_has(patterns: list[str], owner: str) -> None:
    parsed = [parse_owner_pattern(pattern) for pattern in patterns]

    assert (owner in OwnerSet(parsed)) == any(pattern.matches(owner) for pattern in parsed)


@given(st.lists(PATTERNS, max_size=4))
def test_only_a_star_alone_is_everyone(patterns: list[str]) -> None:
    found = OwnerSet(map(parse_owner_pattern, patterns))

    assert found.is_everyone == ("*" in patterns)


@given(OWNERS, LETTERS)
def test_an_exact_owner_is_that_owner_alone(owner: str, other: str) -> None:
    exact = owner.replace("*", "x")

    assert exact in OwnerSet([parse_owner_pattern(exact)])
    assert (other in OwnerSet([parse_owner_pattern(exact)])) == (other == exact)


@given(st.text(alphabet="ab:*é", max_size=8))
@example("a:b:c")
@example(":b")
def test_the_owner_that_is_allowed_is_the_owner_whose_records_are_reached(key: str) -> None:
    for parse in (parse_key, parse_prefix):
        try:
            reached = parse(key).owner
        except InvalidRequest:
            continue
        assert _owner(key) == reached


@pytest.mark.parametrize(
    ("pattern", "owner", "matches"),
    [
        ("billing", "billing", True),
        ("billing", "Billing", False),
        ("billing", "billing2", False),
        ("tenant-*", "tenant-", True),
        ("tenant-*", "tenant-1", True),
        ("tenant-*", "tenant", False),
        ("tenant-*", "my-tenant-1", False),
        ("*-test", "a-test", True),
        ("*-test", "a-test2", False),
        ("a*z", "az", True),
        ("a*z", "a/../b/z", True),
        ("a*z", "abza", False),
        ("tenant-?", "tenant-1", False),
        ("tenant-[0-9]", "tenant-1", False),
    ],
)
def test_examples(pattern: str, owner: str, matches: bool) -> None:
    assert parse_owner_pattern(pattern).matches(owner) == matches


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("", "an owner is empty"),
        ("a:b", "an owner has no colon"),
        ("a*b*", "one \\* at most"),
        ("**", "one \\* at most"),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_refused(pattern: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_owner_pattern(pattern)
