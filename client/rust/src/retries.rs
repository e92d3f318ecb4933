//! How failed calls are tried again.

use std::time::Duration;

use crate::ArgumentError;

/// How often and how soon a failed call is tried again, where that is safe.
///
/// Before attempt n+1 it waits a random time between 0 and the smaller of the longest pause
/// and the first one times 2^(n-1) (full jitter). A pause that does not fit into the call's
/// time is not made: the last error is returned at once.
///
/// ```
/// use std::time::Duration;
/// use pannier::RetryPolicy;
///
/// let patient = RetryPolicy::new()
///     .max_attempts(5)?
///     .backoff(Duration::from_millis(20), Duration::from_millis(500))?;
/// # let _ = patient;
/// # Ok::<(), pannier::ArgumentError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max_attempts: Option<u32>,
    initial_backoff: Duration,
    max_backoff: Duration,
}

impl RetryPolicy {
    /// Returns the default: attempts until the call's time is over, with pauses of up to
    /// 50 milliseconds at first and 1 second in the end.
    #[must_use]
    pub const fn new() -> Self {
        RetryPolicy {
            max_attempts: None,
            initial_backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(1),
        }
    }

    /// Returns the policy of one attempt at each call.
    #[must_use]
    pub const fn none() -> Self {
        RetryPolicy {
            max_attempts: Some(1),
            ..RetryPolicy::new()
        }
    }

    /// Sets the most attempts at one call, the first included; 1 switches retries off.
    ///
    /// # Errors
    ///
    /// It is 0.
    pub fn max_attempts(mut self, attempts: u32) -> Result<Self, ArgumentError> {
        if attempts == 0 {
            return Err(ArgumentError::new(
                "max_attempts must be at least 1; 1 switches retries off",
            ));
        }
        self.max_attempts = Some(attempts);
        Ok(self)
    }

    /// Sets the longest first pause, and the longest pause of all.
    ///
    /// # Errors
    ///
    /// The first is 0 or longer than the second.
    pub fn backoff(mut self, initial: Duration, max: Duration) -> Result<Self, ArgumentError> {
        if initial.is_zero() || initial > max {
            return Err(ArgumentError::new(
                "the first pause must be above 0 and not longer than the longest",
            ));
        }
        self.initial_backoff = initial;
        self.max_backoff = max;
        Ok(self)
    }

    /// Tells whether so many attempts are all that there may be.
    pub(crate) fn is_exhausted(&self, attempts: u32) -> bool {
        self.max_attempts.is_some_and(|most| attempts >= most)
    }

    /// Returns a random pause after so many attempts (from 1 up).
    pub(crate) fn pause(&self, attempts: u32) -> Duration {
        self.longest_pause(attempts).mul_f64(fastrand::f64())
    }

    fn longest_pause(&self, attempts: u32) -> Duration {
        let factor = 2_u32.saturating_pow(attempts.saturating_sub(1));
        self.initial_backoff
            .saturating_mul(factor)
            .min(self.max_backoff)
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy::new()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::RetryPolicy;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let policy = RetryPolicy::new();
        let longest = |attempts| policy.longest_pause(attempts).as_millis();
        assert_eq!([1, 2, 3, 5, 6].map(longest), [50, 100, 200, 800, 1000]);
        assert_eq!(longest(u32::MAX), 1000);
    }

    #[test]
    fn pauses_are_spread_over_the_whole_range() {
        let policy = RetryPolicy::new();
        let pauses: Vec<_> = (0..1000).map(|_| policy.pause(5)).collect();
        assert!(
            pauses
                .iter()
                .all(|pause| *pause < Duration::from_millis(800))
        );
        assert!(
            pauses
                .iter()
                .any(|pause| *pause < Duration::from_millis(80))
        );
        assert!(
            pauses
                .iter()
                .any(|pause| *pause > Duration::from_millis(720))
        );
    }

    #[test]
    fn attempts_are_counted_with_the_first() {
        assert!(RetryPolicy::none().is_exhausted(1));
        let three = RetryPolicy::new().max_attempts(3).unwrap();
        assert_eq!(
            [2, 3].map(|attempts| three.is_exhausted(attempts)),
            [false, true]
        );
        assert!(!RetryPolicy::new().is_exhausted(u32::MAX));
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let second = Duration::from_secs(1);
        assert!(RetryPolicy::new().max_attempts(0).is_err());
        assert!(RetryPolicy::new().backoff(Duration::ZERO, second).is_err());
        assert!(RetryPolicy::new().backoff(second * 2, second).is_err());
    }
}
