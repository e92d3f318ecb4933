//! Decides whether a failed call is tried again, and when. No I/O, no clock of its own.

use std::time::Duration;

use tokio::time::Instant;

use crate::errors::Error;
use crate::failure::WriteOutcome;
use crate::retries::RetryPolicy;

/// What a second attempt at a call could do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Safety {
    /// It changes nothing that anyone sees.
    Read,
    /// The sidecar recognises it, or it does no harm: a request id or an etag is there.
    RepeatableWrite,
    /// It could undo what someone else wrote since: only if the first was not applied.
    SingleWrite,
}

/// The attempts at one call: how many there were and what they may have done.
#[derive(Debug)]
pub(crate) struct Attempts {
    policy: RetryPolicy,
    safety: Safety,
    deadline: Instant,
    failed: u32,
    maybe_applied: bool,
}

impl Attempts {
    /// Starts before the first attempt.
    pub(crate) fn new(policy: RetryPolicy, safety: Safety, deadline: Instant) -> Self {
        Attempts {
            policy,
            safety,
            deadline,
            failed: 0,
            maybe_applied: false,
        }
    }

    /// Returns the pause before the next attempt, or `None` for no more.
    ///
    /// The error's outcome becomes that of all attempts so far, as [`merge`](Self::merge)
    /// says.
    pub(crate) fn after_failure(&mut self, error: &mut Error, now: Instant) -> Option<Duration> {
        self.failed = self.failed.saturating_add(1);
        let repeatable = self.may_repeat(error.write_outcome());
        self.merge(error);
        if !repeatable || self.policy.is_exhausted(self.failed) {
            return None;
        }
        self.pause(error).filter(|pause| self.fits(now, *pause))
    }

    /// Gives the error the outcome of all attempts so far.
    ///
    /// Once one of them may have been applied, a later refusal does not prove that none was.
    /// An error that does not say leaves it unknown. A read has no outcome.
    pub(crate) fn merge(&mut self, error: &mut Error) {
        if self.safety == Safety::Read {
            error.set_write_outcome(None);
            return;
        }
        self.maybe_applied |= error.write_outcome() != Some(WriteOutcome::NotApplied);
        error.set_write_outcome(Some(if self.maybe_applied {
            WriteOutcome::Unknown
        } else {
            WriteOutcome::NotApplied
        }));
    }

    fn may_repeat(&self, outcome: Option<WriteOutcome>) -> bool {
        self.safety != Safety::SingleWrite || outcome == Some(WriteOutcome::NotApplied)
    }

    /// Returns how long to wait after an error that may pass, or `None` for any other.
    fn pause(&self, error: &Error) -> Option<Duration> {
        let backoff = self.policy.pause(self.failed);
        match error {
            Error::Unavailable(_) => Some(backoff),
            // The jitter keeps those who were refused together from coming back together.
            Error::Throttled { retry_delay, .. } | Error::Overloaded { retry_delay, .. } => {
                retry_delay.map(|delay| delay.saturating_add(backoff))
            }
            _ => None,
        }
    }

    fn fits(&self, now: Instant, pause: Duration) -> bool {
        now.checked_add(pause)
            .is_some_and(|end| end < self.deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::{Attempts, Safety};
    use crate::code::Code;
    use crate::errors::Error;
    use crate::failure::{Failure, WriteOutcome};
    use crate::retries::RetryPolicy;
    use std::time::Duration;
    use tokio::time::Instant;

    const NOT_APPLIED: Option<WriteOutcome> = Some(WriteOutcome::NotApplied);
    const UNKNOWN: Option<WriteOutcome> = Some(WriteOutcome::Unknown);

    fn unavailable(outcome: Option<WriteOutcome>) -> Error {
        Error::Unavailable(Failure::new(Code::Unavailable, "away").with_outcome(outcome))
    }

    fn not_found(outcome: Option<WriteOutcome>) -> Error {
        Error::NotFound(Failure::new(Code::NotFound, "absent").with_outcome(outcome))
    }

    fn throttled(retry_delay: Option<Duration>) -> Error {
        let failure = Failure::new(Code::ResourceExhausted, "slow down");
        Error::Throttled {
            retry_delay,
            failure,
        }
    }

    /// Tells whether the last of these errors is followed by another attempt.
    fn repeats(safety: Safety, errors: impl IntoIterator<Item = Error>) -> bool {
        let policy = RetryPolicy::new();
        let now = Instant::now();
        let mut attempts = Attempts::new(policy, safety, now + Duration::from_secs(100));
        let pauses = errors
            .into_iter()
            .map(|mut error| attempts.after_failure(&mut error, now));
        pauses.last().flatten().is_some()
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        for safety in [Safety::Read, Safety::RepeatableWrite] {
            assert!(repeats(safety, [unavailable(UNKNOWN)]));
            assert!(!repeats(safety, [not_found(NOT_APPLIED)]));
        }
    }

    #[test]
    fn a_single_write_is_tried_again_only_where_it_was_not_applied() {
        assert!(repeats(Safety::SingleWrite, [unavailable(NOT_APPLIED)]));
        assert!(!repeats(Safety::SingleWrite, [unavailable(UNKNOWN)]));
        assert!(!repeats(Safety::SingleWrite, [unavailable(None)]));
    }

    #[test]
    fn throttling_is_tried_again_after_the_delay_that_the_server_names() {
        let policy = RetryPolicy::new();
        let now = Instant::now();
        let delay = Duration::from_secs(3);
        let mut attempts = Attempts::new(policy, Safety::Read, now + Duration::from_secs(100));
        let pause = attempts
            .after_failure(&mut throttled(Some(delay)), now)
            .unwrap();
        assert!((delay..delay + Duration::from_millis(50)).contains(&pause));
        assert!(!repeats(Safety::Read, [throttled(None)]));
        assert!(!repeats(Safety::Read, [throttled(Some(Duration::MAX))]));
    }

    #[test]
    fn a_pause_that_does_not_fit_is_not_made() {
        let policy = RetryPolicy::new();
        let now = Instant::now();
        let mut attempts = Attempts::new(policy, Safety::Read, now);
        assert_eq!(attempts.after_failure(&mut unavailable(None), now), None);
    }

    #[test]
    fn attempts_end_with_the_last_that_the_policy_allows() {
        let policy = RetryPolicy::new().max_attempts(2).unwrap();
        let now = Instant::now();
        let mut attempts = Attempts::new(policy, Safety::Read, now + Duration::from_secs(100));
        assert!(
            attempts
                .after_failure(&mut unavailable(None), now)
                .is_some()
        );
        assert!(
            attempts
                .after_failure(&mut unavailable(None), now)
                .is_none()
        );
    }

    #[test]
    fn once_an_attempt_may_have_been_applied_the_outcome_stays_unknown() {
        let outcomes = |safety, errors: Vec<Error>| {
            let policy = RetryPolicy::new();
            let now = Instant::now();
            let mut attempts = Attempts::new(policy, safety, now + Duration::from_secs(100));
            let merged = errors.into_iter().map(|mut error| {
                attempts.after_failure(&mut error, now);
                error.write_outcome()
            });
            merged.collect::<Vec<_>>()
        };
        let errors = || {
            vec![
                unavailable(NOT_APPLIED),
                unavailable(None),
                not_found(NOT_APPLIED),
            ]
        };
        let merged = outcomes(Safety::RepeatableWrite, errors());
        assert_eq!(merged, [NOT_APPLIED, UNKNOWN, UNKNOWN]);
        assert_eq!(outcomes(Safety::Read, errors()), [None, None, None]);
    }
}
