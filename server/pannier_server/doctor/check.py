"""What a check is, and what it finds."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pannier_server.backends.dynamodb.wire.daemon import run_in_daemon_thread


class Status(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    """The sidecar works, but less safely, slower or at more cost than it could."""
    FAILED = "failed"
    """Someone has to put it right."""
    SKIPPED = "skipped"
    """Not looked at: it does not apply, or what it needs has failed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found.

    Attributes:
        status: How bad it is.
        summary: What was found, in one line.
        fix: What to do, in one line; empty where nothing has to be done.
        facts: Details for machines, as JSON values. None is a key, data or a credential.
    """

    status: Status
    summary: str
    fix: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


def ok(summary: str, **facts: object) -> Outcome:
    """Return that all is as it should be."""
    return Outcome(Status.OK, summary, facts=facts)


def warning(summary: str, fix: str, **facts: object) -> Outcome:
    """Return what someone should know about."""
    return Outcome(Status.WARNING, summary, fix, facts)


def failed(summary: str, fix: str, **facts: object) -> Outcome:
    """Return what someone has to put right."""
    return Outcome(Status.FAILED, summary, fix, facts)


def skipped(summary: str, **facts: object) -> Outcome:
    """Return why nothing was looked at."""
    return Outcome(Status.SKIPPED, summary, facts=facts)


def parted(message: str, otherwise: str) -> tuple[str, str]:
    """Return the problem and the fix of a message of ours: ``problem; fix``.

    Args:
        message: The message of an error or a finding.
        otherwise: The fix where the message names none.
    """
    problem, _, fix = message.partition("; ")
    return problem, fix or otherwise


def failed_as(message: str, otherwise: str, **facts: object) -> Outcome:
    """Return the failure that a message of ours, ``problem; fix``, tells of."""
    problem, fix = parted(message, otherwise)
    return failed(problem, fix, **facts)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at.

    Attributes:
        id: Its name for machines, which stays: ``area.aspect``.
        title: Its name for people.
        run: Looks. What it raises is a failure of this check alone.
        needs: The checks without whose success there is nothing to look at.
        limit: Seconds that it may take.
        when_slow: What to do where it takes longer.
    """

    id: str
    title: str
    run: Callable[[], Awaitable[Outcome]]
    needs: tuple[str, ...] = ()
    limit: float = 5.0
    when_slow: str = "run it again; where it stays so slow, look at the machine's load and disks"


async def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Area:
    """Checks that belong together, in their order.

    Attributes:
        title: Their heading.
        checks: The checks.
        close: Lets go of what they have opened.
    """

    title: str
    checks: Sequence[Check]
    close: Callable[[], Awaitable[None]] = nothing


def in_thread(look: Callable[[], Outcome]) -> Callable[[], Awaitable[Outcome]]:
    """Return how to run a check that blocks."""
    return lambda: run_in_daemon_thread(look)
