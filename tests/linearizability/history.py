"""Calls as a history for the checker: what happened once, and what may have happened."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.faults.journal import Journal
from tests.linearizability.calls import Call, Ending, Outcome

# An attempt whose client has given up may look at the clock this much later.
_CLOCK_SECONDS = 60

_AT_ANY_TIME = 0

Line = Mapping[str, Any]
Span = tuple[int, int]
"""When something was called and returned, in nanoseconds."""


def write_history(calls: Iterable[Call], journal: Journal | None, path: Path) -> None:
    """Write what the checker reads.

    Args:
        calls: All calls, in any order.
        journal: What the proxy saw; None where there is no proxy.
        path: Where to.
    """
    applied = _applied(journal) if journal is not None else None
    with path.open("w") as file:
        for call in calls:
            for line in _lines(call, applied):
                file.write(json.dumps(line) + "\n")


def _applied(journal: Journal) -> Mapping[str, list[Span]]:
    """Return by write id the attempts at writes that the engine may have applied, and when."""
    spans: dict[str, list[Span]] = defaultdict(list)
    for entry in journal.attempts():
        if entry.status in {0, 200}:
            spans[entry.write_id or ""].append((entry.asked_at or 0, entry.answered_at or 0))
    return spans


def _lines(call: Call, applied: Mapping[str, list[Span]] | None) -> Iterator[Line]:
    """Yield the call itself where it was answered, and the attempts at it beside that one.

    A sidecar sends a write again when its outcome is unknown, and so does a client. What
    came of the other attempts is part of the history: the contract says which of them are
    recognised, and which count as a write of their own.
    """
    if call.ending is Ending.FAILED:
        return
    if call.ending is not Ending.UNKNOWN:
        yield _line(call, (call.called, call.returned), answered=True)
    if not call.wish.is_upsert:
        spans = _deletes(call)
    elif applied is None:
        spans = _sent(call)
    else:
        spans = _reached(call, applied.get(call.wish.write_id, []))
    for span in spans:
        yield _line(call, span)


def _deletes(call: Call) -> list[Span]:
    """Return the attempts at a delete. Several do no more than one: an etag names one write."""
    if call.ending is Ending.UNKNOWN:
        return [(call.called, _AT_ANY_TIME)]
    answer = call.answer
    found_done = call.wish.etag and answer and not answer.deleted
    return [(call.called, call.returned)] if found_done else []


def _sent(call: Call) -> list[Span]:
    """Return the attempts at a write of which nothing else is known."""
    if call.ending is Ending.UNKNOWN:
        return [(call.called, _AT_ANY_TIME)] * call.attempts
    return [(call.called, call.returned)] * (call.attempts - 1)


def _reached(call: Call, applied: list[Span]) -> list[Span]:
    """Return the attempts at a write that reached the engine."""
    if call.ending is Ending.UNKNOWN:
        return [(call.called, _AT_ANY_TIME)] * len(applied)
    if call.ending is Ending.IN_DOUBT:
        return applied
    # An answer that says that nothing was applied is taken at its word; and one attempt that
    # was applied is the call itself, whether or not another one recognised it.
    said_no = call.answer is not None and call.answer.outcome is not Outcome.OK
    return [] if said_no or len(applied) == 1 else applied


def _line(call: Call, span: Span, *, answered: bool = False) -> Line:
    earliest, latest = call.clock
    return {
        "client": call.client,
        **asdict(call.wish),
        "called": span[0],
        "returned": span[1],
        "clock": [earliest, latest if answered else latest + _CLOCK_SECONDS],
        "answer": asdict(call.answer) if answered and call.answer else None,
    }
