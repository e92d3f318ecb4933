"""What was found out about a table, one aspect at a time."""

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    """The sidecar works, but less safely or at more cost than it could."""
    PROBLEM = "problem"
    """Someone has to put it right before the sidecar uses this table."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One aspect of a table.

    Attributes:
        aspect: What was looked at: endpoint, access, table, keys, TTL, backups,
            deletion protection.
        level: How bad it is.
        message: What was found and, where it is not ok, what to do.
    """

    aspect: str
    level: Level
    message: str


def ok(aspect: str, message: str) -> Finding:
    """Return a finding that is as it should be."""
    return Finding(aspect, Level.OK, message)


def warning(aspect: str, message: str) -> Finding:
    """Return a finding that someone should know about."""
    return Finding(aspect, Level.WARNING, message)


def problem(aspect: str, message: str) -> Finding:
    """Return a finding that has to be put right."""
    return Finding(aspect, Level.PROBLEM, message)
