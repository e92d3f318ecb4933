"""Which owners a rule is for."""

from collections.abc import Iterable
from dataclasses import dataclass

WILDCARD = "*"


@dataclass(frozen=True, slots=True)
class OwnerPattern:
    """An owner, or with one ``*`` all owners with the same start and end.

    Texts are equal where their code points are: upper and lower case differ, and so do
    two ways to write the same letter in Unicode.

    Attributes:
        start: What the owner begins with; the whole owner where ``end`` is None.
        end: What it ends with, after any number of characters, also none; None without ``*``.
    """

    start: str
    end: str | None

    def matches(self, owner: str) -> bool:
        """Say whether the pattern is for an owner."""
        if self.end is None:
            return owner == self.start
        return (
            # In "ab*ba" the "b" of "aba" cannot be both.
            len(owner) >= len(self.start) + len(self.end)
            and owner.startswith(self.start)
            and owner.endswith(self.end)
        )

    @property
    def is_everyone(self) -> bool:
        """Whether it is for all owners."""
        return not self.start and self.end == ""


def parse_owner_pattern(text: str) -> OwnerPattern:
    """Return the pattern that a text stands for.

    Raises:
        ValueError: It can match no owner, or has more than one ``*``.
    """
    if not text:
        raise ValueError("an owner is empty; write its name, or * for all owners")
    if ":" in text:
        raise ValueError("an owner has no colon: write what stands before it in keys")
    if text.count(WILDCARD) > 1:
        raise ValueError("a pattern has one * at most, as in tenant-*; write several patterns")
    start, star, end = text.partition(WILDCARD)
    return OwnerPattern(start, end if star else None)


class OwnerSet:
    """The owners that any of some patterns is for."""

    __slots__ = ("_exact", "_wide", "is_everyone")

    def __init__(self, patterns: Iterable[OwnerPattern]) -> None:
        """Sort patterns by how fast an owner can be looked up."""
        found = set(patterns)
        self.is_everyone = any(pattern.is_everyone for pattern in found)
        self._exact = frozenset(pattern.start for pattern in found if pattern.end is None)
        self._wide = tuple(pattern for pattern in found if pattern.end is not None)

    def __contains__(self, owner: str) -> bool:
        """Say whether one of the patterns is for an owner."""
        if self.is_everyone or owner in self._exact:
            return True
        for pattern in self._wide:  # noqa: SIM110 (a generator takes longer than the look)
            if pattern.matches(owner):
                return True
        return False
