"""Which failures are tried again, how soon, and what the attempts amount to."""

import pytest

import pannier
from pannier._attempts import Attempts, Safety
from pannier.errors import WriteOutcome
from pannier.retries import RetryPolicy

DEADLINE = 100.0
NOT_APPLIED, UNKNOWN = WriteOutcome.NOT_APPLIED, WriteOutcome.UNKNOWN


def attempts(safety: Safety = Safety.REPEATABLE_WRITE, max_attempts: int | None = None) -> Attempts:
    return Attempts(RetryPolicy(max_attempts=max_attempts), safety, DEADLINE)


def unavailable(outcome: WriteOutcome | None = None) -> pannier.Unavailable:
    return pannier.Unavailable("gone", write_outcome=outcome)


@pytest.mark.parametrize("safety", [Safety.READ, Safety.REPEATABLE_WRITE])
def test_unavailability_is_tried_again(safety: Safety) -> None:
    assert attempts(safety).after_failure(unavailable(), now=0) is not None


@pytest.mark.parametrize(
    "error",
    [
        pannier.DeadlineExceeded("late"),
        pannier.VersionConflict("conflict"),
        pannier.NotFound("absent"),
        pannier.StoreMisconfigured("no table"),
        pannier.InternalError("bug"),
        pannier.Throttled("slow down"),
    ],
)
def test_other_failures_are_not(error: pannier.PannierError) -> None:
    assert attempts().after_failure(error, now=0) is None


def test_throttling_is_tried_again_after_its_delay() -> None:
    pause = attempts().after_failure(pannier.Throttled("slow down", retry_delay=3.0), now=0)
    assert pause is not None
    assert 3.0 <= pause < 3.05


def test_a_pause_that_does_not_fit_into_the_time_ends_the_call() -> None:
    throttled = pannier.Throttled("slow down", retry_delay=30.0)
    assert attempts().after_failure(throttled, now=DEADLINE - 30.0) is None


def test_a_single_write_is_tried_again_only_where_it_was_not_applied() -> None:
    assert attempts(Safety.SINGLE_WRITE).after_failure(unavailable(NOT_APPLIED), 0) is not None
    assert attempts(Safety.SINGLE_WRITE).after_failure(unavailable(UNKNOWN), 0) is None
    assert attempts(Safety.SINGLE_WRITE).after_failure(unavailable(), 0) is None


def test_no_more_attempts_are_made_than_allowed() -> None:
    tries = attempts(max_attempts=3)
    pauses = [tries.after_failure(unavailable(), now=0) for _ in range(3)]
    assert [pause is None for pause in pauses] == [False, False, True]


@pytest.mark.parametrize("safety", [Safety.REPEATABLE_WRITE, Safety.SINGLE_WRITE])
def test_a_write_that_was_not_sent_was_no_attempt(safety: Safety) -> None:
    tries = attempts(safety, max_attempts=2)
    refused = [tries.after_failure(unavailable(NOT_APPLIED), 0, sent=False) for _ in range(9)]
    assert None not in refused
    assert tries.after_failure(unavailable(NOT_APPLIED), 0) is not None
    assert tries.after_failure(unavailable(NOT_APPLIED), 0, sent=False) is not None
    assert tries.after_failure(unavailable(NOT_APPLIED), 0) is None


def test_a_read_that_was_not_sent_was_an_attempt() -> None:
    tries = attempts(Safety.READ, max_attempts=1)
    assert tries.after_failure(unavailable(NOT_APPLIED), 0, sent=False) is None


def outcome_after(*outcomes: WriteOutcome | None) -> WriteOutcome | None:
    tries = attempts()
    for outcome in outcomes:
        error = unavailable(outcome)
        tries.after_failure(error, now=0)
    return error.write_outcome


def test_a_write_whose_every_attempt_was_refused_was_not_applied() -> None:
    assert outcome_after(NOT_APPLIED, NOT_APPLIED) is NOT_APPLIED


def test_one_attempt_that_may_have_been_applied_leaves_the_write_unknown() -> None:
    assert outcome_after(UNKNOWN, NOT_APPLIED) is UNKNOWN
    assert outcome_after(NOT_APPLIED, UNKNOWN) is UNKNOWN


def test_an_error_that_does_not_say_leaves_the_write_unknown() -> None:
    assert outcome_after(None) is UNKNOWN
    assert outcome_after(None, NOT_APPLIED) is UNKNOWN


def test_a_read_has_no_outcome() -> None:
    error = unavailable(UNKNOWN)
    attempts(Safety.READ).after_failure(error, now=0)
    assert error.write_outcome is None


def test_pauses_grow_up_to_their_limit_with_full_jitter() -> None:
    policy = RetryPolicy(initial_backoff=0.1, max_backoff=0.4)
    longest = [max(policy.backoff(number) for _ in range(500)) for number in (1, 2, 3, 4, 5_000)]
    assert longest == pytest.approx([0.1, 0.2, 0.4, 0.4, 0.4], rel=0.05)
    assert min(policy.backoff(3) for _ in range(500)) < 0.02


@pytest.mark.parametrize(
    "settings",
    [
        {"max_attempts": 0},
        {"initial_backoff": 0.0},
        {"initial_backoff": 2.0, "max_backoff": 1.0},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        RetryPolicy(**settings)  # type: ignore[arg-type]
