"""Keys are built from parts, and parts that would reach elsewhere are refused."""

import pytest

import pannier


def test_a_key_is_owner_colon_name() -> None:
    assert pannier.key("alice", "task:1") == "alice:task:1"


def test_a_prefix_may_end_with_the_colon() -> None:
    assert pannier.prefix("alice") == "alice:"
    assert pannier.prefix("alice", "task") == "alice:task"


@pytest.mark.parametrize("build", [pannier.key, pannier.prefix])
def test_an_owner_with_a_colon_is_refused(build: object) -> None:
    with pytest.raises(ValueError, match="owner must not contain a colon"):
        build("alice:bob", "1")  # type: ignore[operator]


@pytest.mark.parametrize(
    ("owner", "name", "problem"),
    [
        ("", "n", "owner must not be empty"),
        ("o", "", "name must not be empty"),
        ("é" * 1_022, "n", "owner has 2,044 UTF-8 bytes, the limit is 2,042"),
        ("o", "é" * 510, "name has 1,020 UTF-8 bytes, the limit is 1,019"),
        ("o", "\ud800", "name holds half of a surrogate pair"),
    ],
)
def test_a_part_that_no_key_can_hold_is_refused(owner: str, name: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        pannier.key(owner, name)


def test_the_largest_parts_are_accepted() -> None:
    assert len(pannier.key("é" * 1_021, "n" * 1_019).encode()) == 2_042 + 1 + 1_019


def test_a_part_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="name must be a str, not int"):
        pannier.key("alice", 42)  # type: ignore[arg-type]
