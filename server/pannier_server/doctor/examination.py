"""Running the checks: one after the other, each within its time, whatever the others do."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pannier_server.backends.errors import StorageError
from pannier_server.doctor.check import (
    Area,
    Check,
    Outcome,
    Status,
    failed,
    failed_as,
    skipped,
)
from pannier_server.units import format_duration

_MET = {Status.OK, Status.WARNING}


@dataclass(frozen=True, slots=True)
class Result:
    """A check and what it found.

    Attributes:
        area: The heading that the check stands under.
        check: The check.
        outcome: What it found.
    """

    area: str
    check: Check
    outcome: Outcome


async def examine(areas: Iterable[Area]) -> AsyncIterator[Result]:
    """Run all checks and yield each one's result when it is there."""
    done: dict[str, Result] = {}
    for area in areas:
        try:
            for check in area.checks:
                outcome = _unmet(check, done) or await _run(check)
                done[check.id] = Result(area.title, check, outcome)
                yield done[check.id]
        finally:
            await area.close()


def _unmet(check: Check, done: Mapping[str, Result]) -> Outcome | None:
    """Return that a check is skipped, where one that it needs has not succeeded."""
    missing = [need for need in check.needs if done[need].outcome.status not in _MET]
    if not missing:
        return None
    causes = dict.fromkeys(cause for need in missing for cause in _causes(need, done))
    titles = " and ".join(done[cause].check.title for cause in causes)
    return skipped(f"needs {titles}", needs=missing)


def _causes(need: str, done: Mapping[str, Result]) -> Iterator[str]:
    """Find the checks at which it began, by what was skipped because of others."""
    further = done[need].outcome.facts.get("needs")
    if not isinstance(further, list):
        yield need
        return
    for each in further:
        yield from _causes(each, done)


async def _run(check: Check) -> Outcome:
    try:
        async with asyncio.timeout(check.limit):
            return await check.run()
    except TimeoutError:
        return failed(f"no result within {format_duration(check.limit)}", check.when_slow)
    except StorageError as error:
        return failed_as(error.message, "docs/doctor.md says more about this check")
    except OSError as error:
        return failed(
            f"cannot be looked at: {error.strerror or type(error).__name__}",
            "run it as the user that the sidecar runs as",
        )
    except Exception as error:  # noqa: BLE001 (the other checks still tell something)
        # The text of an error that nobody foresaw may hold anything.
        return failed(
            f"the check itself broke off ({type(error).__name__})",
            "report this as a bug of Pannier, with the output of 'pannier doctor --json'",
        )
