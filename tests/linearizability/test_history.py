"""A history holds what was answered, and every attempt beside it that may have been applied."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.faults.journal import Entry, Journal
from tests.linearizability.calls import Answer, Call, Ending, Kind, Outcome, Wish
from tests.linearizability.figures import figures_of
from tests.linearizability.history import write_history

ID = "11111111-1111-4111-8111-111111111111"
WRITTEN = Answer(Outcome.OK, 3, f"3-{ID}")
CONFLICT = Answer(Outcome.CONFLICT, 7, "7-another")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.jsonl"


def lines(path: Path, call: Call, journal: Journal | None = None) -> list[dict[str, Any]]:
    write_history([call], journal, path)
    return [json.loads(line) for line in path.read_text().splitlines()]


def put(ending: Ending, answer: Answer | None = None, attempts: int = 1) -> Call:
    wish = Wish(Kind.PUT, "o:n", ID, "data")
    return Call(1, wish, 10, 20, (100, 101), ending, answer, attempts=attempts)


def delete(ending: Ending, answer: Answer | None = None, etag: str = "") -> Call:
    wish = Wish(Kind.DELETE, "o:n", etag=etag)
    return Call(1, wish, 10, 20, (100, 101), ending, answer)


def journal(*statuses: int) -> Journal:
    """Return the journal of attempts that the engine answered so; 0 is not at all."""
    entries = [Entry("UpdateItem", ID) for _ in statuses]
    for number, (entry, status) in enumerate(zip(entries, statuses, strict=True)):
        entry.asked_at = 11 + number
        entry.answered_at = 15 + number if status else None
        entry.status = status
    return Journal(entries)


def test_an_answered_call_is_one_line(path: Path) -> None:
    (line,) = lines(path, put(Ending.ANSWERED, WRITTEN))
    assert (line["called"], line["returned"], line["clock"]) == (10, 20, [100, 101])
    assert line["answer"]["etag"] == f"3-{ID}"


def test_a_call_that_failed_without_writing_is_none(path: Path) -> None:
    assert lines(path, put(Ending.FAILED)) == []


def test_an_unknown_write_may_take_effect_at_any_time(path: Path) -> None:
    (line,) = lines(path, put(Ending.UNKNOWN))
    assert (line["called"], line["returned"], line["answer"]) == (10, 0, None)


def test_an_unknown_write_that_never_reached_the_engine_is_none(path: Path) -> None:
    assert lines(path, put(Ending.UNKNOWN), journal()) == []
    assert lines(path, put(Ending.UNKNOWN), journal(400)) == []


def test_each_attempt_that_may_have_been_applied_counts(path: Path) -> None:
    assert len(lines(path, put(Ending.UNKNOWN), journal(200, 0, 400))) == 2
    assert len(lines(path, put(Ending.UNKNOWN, attempts=3))) == 3


def test_one_attempt_that_was_applied_is_the_call_itself(path: Path) -> None:
    (line,) = lines(path, put(Ending.ANSWERED, WRITTEN), journal(200, 400))
    assert line["answer"]["version"] == 3


def test_a_write_that_was_applied_twice_shows_both(path: Path) -> None:
    answered, first, second = lines(path, put(Ending.ANSWERED, WRITTEN), journal(200, 200))
    assert answered["answer"] is not None
    assert (first["called"], first["returned"], first["answer"]) == (11, 15, None)
    assert (second["called"], second["returned"]) == (12, 16)


def test_a_refusal_in_doubt_may_have_been_applied_before(path: Path) -> None:
    answered, before = lines(path, put(Ending.IN_DOUBT, CONFLICT), journal(200, 400))
    assert answered["answer"]["outcome"] == "conflict"
    assert before["answer"] is None


def test_a_refusal_without_doubt_is_taken_at_its_word(path: Path) -> None:
    assert len(lines(path, put(Ending.ANSWERED, CONFLICT), journal(200, 400))) == 1


def test_a_repeated_delete_may_have_found_its_own_work_done(path: Path) -> None:
    found_nothing = Answer(Outcome.OK, deleted=False)
    assert len(lines(path, delete(Ending.ANSWERED, found_nothing, etag="3-x"))) == 2
    assert len(lines(path, delete(Ending.ANSWERED, found_nothing))) == 1
    assert len(lines(path, delete(Ending.UNKNOWN))) == 1


def test_figures_show_what_contradicts_itself() -> None:
    seen = Call(2, Wish(Kind.GET, "o:n"), 30, 40, (0, 0), Ending.ANSWERED, WRITTEN)
    own = Answer(Outcome.CONFLICT, 3, f"3-{ID}")
    assert figures_of([put(Ending.FAILED), seen]).denied == 1
    assert figures_of([put(Ending.UNKNOWN), seen]).unknown_applied == 1
    assert figures_of([put(Ending.IN_DOUBT, own)]).false_conflicts == 1
    again = Answer(Outcome.OK, 6, f"6-{ID}")
    assert figures_of([put(Ending.ANSWERED, again), seen]).written_again == 1
