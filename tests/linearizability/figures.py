"""What the calls of a trial show by themselves, without the checker."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.linearizability.calls import Call, Ending, Outcome
from tests.linearizability.trial import Result

FEWEST_SUCCEEDED = 0.7


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts over the calls of one or more trials.

    Attributes:
        calls: All of them.
        succeeded: Those that did what they were asked to.
        refused: Those that were told why not: not found, a conflict, it exists.
        failed: Those that failed, and wrote nothing.
        unknown: Writes of which nobody told whether they were applied.
        unknown_applied: Those among them that were seen to be.
        denied: Writes that were said not to be applied, and were seen to be.
        false_conflicts: Writes that were refused for what they had written themselves.
        written_again: Writes that were seen at more than one version.
    """

    calls: int
    succeeded: int
    refused: int
    failed: int
    unknown: int
    unknown_applied: int
    denied: int
    false_conflicts: int
    written_again: int

    def __add__(self, other: "Figures") -> "Figures":
        names = self.__dataclass_fields__
        return Figures(*(getattr(self, name) + getattr(other, name) for name in names))


def figures_of(calls: Sequence[Call]) -> Figures:
    """Count."""
    endings = Counter(call.ending for call in calls)
    succeeded = sum(call.succeeded for call in calls)
    seen = _seen(calls)
    unsure = {Ending.UNKNOWN, Ending.IN_DOUBT}
    writes = [call for call in calls if call.wish.is_upsert]
    unknown = [call for call in calls if call.wish.is_write and call.ending in unsure]
    return Figures(
        calls=len(calls),
        succeeded=succeeded,
        refused=endings[Ending.ANSWERED] - succeeded,
        failed=endings[Ending.FAILED],
        unknown=len(unknown),
        unknown_applied=sum(call.wish.write_id in seen for call in unknown),
        denied=sum(_says_no(call) and call.wish.write_id in seen for call in writes),
        false_conflicts=sum(_is_false_conflict(call) for call in writes),
        written_again=sum(len(versions) > 1 for versions in seen.values()),
    )


def problems(result: Result) -> list[str]:
    """Return what must not be, in words."""
    counted = figures_of(result.calls)
    wrong = {
        f"{counted.denied} writes were said not to be applied, and were": counted.denied,
        f"{counted.false_conflicts} writes met themselves as a conflict": counted.false_conflicts,
        f"only {result.succeeded:.0%} of the calls succeeded": (
            result.succeeded < FEWEST_SUCCEEDED
        ),
    }
    return [problem for problem, found in wrong.items() if found]


def _seen(calls: Sequence[Call]) -> Mapping[str, set[int]]:
    """Return the write ids that any answer shows, and the versions at which it does."""
    seen: dict[str, set[int]] = defaultdict(set)
    for call in calls:
        if call.answer and call.answer.etag:
            version, _, write_id = call.answer.etag.partition("-")
            seen[write_id].add(int(version))
    return seen


def _says_no(call: Call) -> bool:
    if call.ending is Ending.FAILED:
        return True
    return call.ending is Ending.ANSWERED and not call.succeeded


def _is_false_conflict(call: Call) -> bool:
    answer = call.answer
    if answer is None or answer.outcome is not Outcome.CONFLICT:
        return False
    return answer.etag.partition("-")[2] == call.wish.write_id
