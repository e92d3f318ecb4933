"""The page has a place for each table, and the tables say what was found."""

import re
from collections import Counter
from pathlib import Path

from tests.faults.kinds import Fault
from tests.linearizability import page
from tests.linearizability.calls import Answer, Call, Ending, Kind, Outcome, Wish
from tests.linearizability.checker import Verdict
from tests.linearizability.drill import mistakes, shortcomings
from tests.linearizability.plan import long_trials
from tests.linearizability.trial import Result, Trial


def result(trial: Trial, *, illegal: tuple[str, ...] = ()) -> Result:
    wish = Wish(Kind.GET, "o:n")
    read = Call(1, wish, 1, 2, (0, 0), Ending.ANSWERED, Answer(Outcome.OK, 1, "1-x"))
    injected = Counter(dict.fromkeys(trial.rates, 100))
    verdict = Verdict(1, 1, illegal, (), Path("history.html"))
    return Result(trial, [read] * trial.operations, injected, trial.kill_every, 0, None, verdict)


def test_every_table_has_its_place_and_every_fault_a_row(tmp_path: Path) -> None:
    copy = tmp_path / "reliability.md"
    copy.write_text(page.PAGE.read_text())
    page.write([result(trial) for trial in long_trials()], copy)
    text = copy.read_text()
    for fault in Fault:
        assert len(re.findall(rf"^\| {re.escape(fault)} +\|", text, re.MULTILINE)) == 2
    assert re.search(r"any answer that does not fit +\| +0 \|", text)


def test_the_long_trials_ask_for_enough_of_everything() -> None:
    trials = [result(trial) for trial in long_trials()]
    assert mistakes(trials) == []
    assert shortcomings(trials) == []


def test_what_is_wrong_is_named() -> None:
    wrong = [result(Trial("one", 10), illegal=("o:n",))]
    assert mistakes(wrong) == ["one: 1 keys, 1 operations; no order explains o:n: see history.html"]
    assert "only 10 calls" in shortcomings(wrong)
    assert "only 0 kills" in shortcomings(wrong)
    assert len(shortcomings(wrong)) == len(Fault) + 2
