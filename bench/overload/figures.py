"""What callers saw in one phase, and whether that is what was promised."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

GOAL_RATIO = 3.0
"""How many times the p99 at half of the capacity that of admitted calls may be."""

GOAL_SERVED = 0.9
"""The part of its calls that an owner gets that asks for less than its share."""

ANSWERED = "OK"
REFUSED = "RESOURCE_EXHAUSTED"

SETTLED_SECONDS = 3.0
"""After so long the sidecar knows what the table takes, and DynamoDB Local, which is slow, has
done what the table granted at once."""

Ended = tuple[str, float, float, str]
"""A call: whose, when it was due after the start, how long it took, its status."""


@dataclass(frozen=True)
class Seen:
    """One phase. Rates are per second and of all of it, times in seconds.

    Attributes:
        offered: Calls that were made.
        served: Those that were answered.
        refused: Those that were refused.
        p50: Half of the answers took no longer, once things had settled.
        p99: All but one in a hundred answers took no longer, once things had settled.
        first_p99: The same before that.
        refusal_p99: The same of all refusals.
        share: The part of each owner's calls that was served.
        others: Calls that ended in any other way, by status.
    """

    offered: float
    served: float
    refused: float
    p50: float
    p99: float
    first_p99: float
    refusal_p99: float
    share: Mapping[str, float]
    others: Mapping[str, int]

    @classmethod
    def of(cls, calls: Sequence[Ended], seconds: float) -> Self:
        """Sum up the calls of a phase of so many seconds."""
        outcomes = Counter(outcome for _, _, _, outcome in calls)
        answers = sorted(took for _, due, took, outcome in calls if _is_late_answer(due, outcome))
        first = sorted(took for _, due, took, outcome in calls if _is_first_answer(due, outcome))
        refusals = sorted(took for _, _, took, outcome in calls if outcome == REFUSED)
        return cls(
            offered=len(calls) / seconds,
            served=outcomes[ANSWERED] / seconds,
            refused=outcomes[REFUSED] / seconds,
            p50=_quantile(answers, 0.5),
            p99=_quantile(answers, 0.99),
            first_p99=_quantile(first, 0.99),
            refusal_p99=_quantile(refusals, 0.99),
            share=_shares(calls),
            others={
                outcome: count
                for outcome, count in outcomes.items()
                if outcome not in {ANSWERED, REFUSED}
            },
        )


@dataclass(frozen=True)
class Row:
    """One phase on one transport.

    Attributes:
        transport: The sidecar's.
        load: What was offered, in words.
        seen: What callers saw.
        half: What they saw at half of the capacity in the same run.
        small: The owner that asked for less than its share, or None.
    """

    transport: str
    load: str
    seen: Seen
    half: Seen
    small: str | None = None

    @property
    def ratio(self) -> float:
        """The p99 of answers ÷ that at half of the capacity."""
        return self.seen.p99 / self.half.p99

    @property
    def missed(self) -> Sequence[str]:
        """The promises that were not kept."""
        problems = {
            f"p99 above {GOAL_RATIO:g} times that at half": self.ratio > GOAL_RATIO,
            f"{self.small} served less than {GOAL_SERVED:.0%}": self.small is not None
            and self.seen.share[self.small] < GOAL_SERVED,
            "calls ended otherwise": bool(self.seen.others),
        }
        return [problem for problem, is_so in problems.items() if is_so]


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table; times are in ms."""
    headings = (
        "transport", "load", "offered/s", "served/s", "p50", "p99", "÷ half",
        f"p99 of the first {SETTLED_SECONDS:.0f} s", "refused in (p99)", "small owner served",
        "missed",
    )  # fmt: skip
    lines = [headings, ("---", "---", *["---:"] * (len(headings) - 3), "---")]
    return "\n".join(f"| {' | '.join(line)} |" for line in [*lines, *map(_cells, rows)])


def _cells(row: Row) -> tuple[str, ...]:
    seen = row.seen
    return (
        row.transport,
        row.load,
        f"{seen.offered:,.0f}",
        f"{seen.served:,.0f}",
        f"{seen.p50 * 1e3:.1f}",
        f"{seen.p99 * 1e3:.1f}",
        f"{row.ratio:.1f}",
        f"{seen.first_p99 * 1e3:.1f}",
        f"{seen.refusal_p99 * 1e3:.1f}" if seen.refused else "",
        f"{seen.share[row.small]:.1%}" if row.small else "",
        ", ".join(row.missed),
    )


def _is_first_answer(due: float, outcome: str) -> bool:
    return outcome == ANSWERED and due < SETTLED_SECONDS


def _is_late_answer(due: float, outcome: str) -> bool:
    return outcome == ANSWERED and due >= SETTLED_SECONDS


def _shares(calls: Sequence[Ended]) -> Mapping[str, float]:
    made = Counter(owner for owner, *_ in calls)
    served = Counter(owner for owner, _, _, outcome in calls if outcome == ANSWERED)
    return {owner: served[owner] / count for owner, count in made.items()}


def _quantile(ordered: Sequence[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0
