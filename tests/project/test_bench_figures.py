"""The benchmark's figures are medians of rounds, and its ratios are of the same round."""

import subprocess
import sys
from collections import Counter

import pytest

from bench import usage
from bench.comparison import figures
from bench.comparison.contests import CONTESTS, STARTS, Contest
from bench.comparison.goals import SERVER_GOALS, Goal
from bench.comparison.rounds import in_turn
from bench.comparison.samples import Results, Sample
from bench.contenders.in_process import Caller, measure
from bench.ghz_runs import Calls
from tests.project.bench_results import of_rounds, sample, whole_run

HOLD_AND_LET_GO = """
import sys
data = b"x" * 64 * 1024 * 1024
del data
print(flush=True)
sys.stdin.read()
"""
MIB = 1024 * 1024


def _calls(requests: int) -> Calls:
    latencies = [number / 1000 for number in range(1, requests + 1)]
    return Calls(2.0, latencies, Counter({"Unavailable": 3}))


def test_a_sample_keeps_what_the_tables_need() -> None:
    kept = Sample.of(_calls(1000), cpu_seconds=0.5, peak_bytes=7, engine_cpu_seconds=0.1)
    assert (kept.requests, kept.seconds, kept.peak_bytes) == (1000, 2.0, 7)
    assert (kept.p50, kept.p99, kept.p999) == (0.501, 0.991, 1.0)
    assert kept.errors == {"Unavailable": 3}
    assert (figures.rate(kept), figures.cpu(kept)) == (500, 0.0005)


def test_a_round_of_few_calls_has_no_999th_of_a_thousand() -> None:
    assert Sample.of(_calls(999), cpu_seconds=0.5, peak_bytes=0).p999 is None


def test_turns_of_a_round_are_one_sample_of_all_their_calls() -> None:
    turns = [sample(10, p50=0.1), sample(20, p50=0.2, errors={"Unavailable": 1}), sample(60, p50=9)]
    together = Sample.of_turns(turns)
    assert (together.requests, together.p50, together.errors) == (6_000, 0.2, {"Unavailable": 1})
    assert figures.cpu(together) == pytest.approx(30e-6)
    assert Sample.of_turns(turns[:1]) == turns[0]


def test_a_ratio_is_the_median_of_the_rounds_own_ratios() -> None:
    over = [sample(10), sample(40), sample(90)]
    under = [sample(10), sample(10), sample(45)]
    spread = figures.ratio(over, under, figures.cpu)
    assert (spread.median, spread.least, spread.most) == pytest.approx((2, 1, 4))


def test_a_later_run_of_some_contests_takes_their_place_and_leaves_the_rest() -> None:
    entry = CONTESTS["metrics"].entries[0]
    first, later = whole_run(rounds=2), of_rounds("metrics", {entry: [sample(7)]})

    updated = first.updated(later)

    assert updated.samples["metrics"] == {entry: [sample(7)]}
    assert updated.samples["echo"] == first.samples["echo"]
    assert (updated.starts, updated.overheads) == (first.starts, first.overheads)


def test_every_other_round_goes_the_other_way() -> None:
    assert [in_turn("abc", number) for number in range(3)] == ["abc", "cba", "abc"]


@pytest.mark.parametrize("goal", SERVER_GOALS, ids=lambda goal: goal.name)
def test_the_sides_of_a_goal_run_right_after_each_other(goal: Goal) -> None:
    entries = CONTESTS[goal.contest].entries
    assert abs(entries.index(goal.over) - entries.index(goal.under)) == 1


def test_a_goal_is_met_by_the_median_of_the_rounds() -> None:
    goal = SERVER_GOALS[0]
    results = of_rounds(
        goal.contest,
        {
            goal.over: [sample(8), sample(8), sample(90)],
            goal.under: [sample(10), sample(10), sample(10)],
        },
    )
    measured = goal.measured(results)
    assert measured is not None
    assert (measured.median, measured.most) == pytest.approx((0.8, 9))
    assert goal.is_met(figures.Spread(goal.at_most, 0, 9))
    assert not goal.is_met(figures.Spread(goal.at_most + 0.001, 0, 9))


def test_a_goal_that_was_not_measured_says_nothing() -> None:
    assert SERVER_GOALS[0].measured(Results("2 cores")) is None


@pytest.mark.parametrize("contest", CONTESTS.values(), ids=lambda contest: contest.name)
def test_a_contest_has_each_entry_once_and_compares_it(contest: Contest) -> None:
    assert len(set(contest.entries)) == len(contest.entries)
    assert any(contest.reference(entry) for entry in contest.entries)


@pytest.mark.parametrize("contest", CONTESTS.values(), ids=lambda contest: contest.name)
def test_a_table_tells_the_entries_of_a_contest_apart(contest: Contest) -> None:
    shown = {tuple(getattr(entry, name) for name in contest.shows) for entry in contest.entries}
    assert len(shown) == len(contest.entries)


def test_results_survive_being_written_and_read() -> None:
    results = whole_run()
    assert Results.of_lines(list(results.lines())) == results


def test_a_call_that_failed_is_told() -> None:
    contest = CONTESTS["paths"]
    entry = contest.entries[0]
    samples = [sample(), sample(errors={"Unavailable: gone": 4})]
    (problem,) = of_rounds("paths", {entry: samples}).problems()
    assert problem == f"paths, {entry.kind}, Get, round 2: 4 of 2000 calls: Unavailable: gone"


def test_starts_name_each_server_once() -> None:
    assert len(set(STARTS)) == len(STARTS)


def test_a_caller_makes_one_call_although_there_is_no_time() -> None:
    numbers: list[int] = []
    report = measure([Caller(numbers.append), Caller(numbers.append)], 0)
    assert numbers == [0, 0]
    assert len(report["latencies"]) == 2


def test_a_caller_goes_on_after_an_error_and_counts_it() -> None:
    def fail(number: int) -> None:
        raise ValueError("no")

    caller = Caller(fail)
    measure([caller], 0)
    report = measure([caller], 0)
    assert report["errors"] == {"ValueError: no": 1}
    assert len(report["latencies"]) == 1, "of the second time only"
    assert caller.calls == 2


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_peak_of_memory_counts_from_when_it_was_forgotten() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_AND_LET_GO], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert usage.peak_bytes(process.pid) > 64 * MIB
        usage.forget_peak(process.pid)
        assert usage.peak_bytes(process.pid) < 64 * MIB
        assert usage.resident_bytes(process.pid) <= usage.peak_bytes(process.pid)
        process.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_that_has_ended_uses_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert (usage.cpu_seconds(process.pid), usage.peak_bytes(process.pid)) == (0, 0)
