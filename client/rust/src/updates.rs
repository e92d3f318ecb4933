//! Decides what becomes of an update whose write failed. No I/O.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::errors::Error;
use crate::failure::WriteOutcome;
use crate::records::Record;

/// The longest first pause after a conflict. A conflict is over as soon as someone else's
/// write is, so pauses start small.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// The longest pause of all. It stays small, because those who pause long lose to newcomers
/// who do not, until their time is over.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// One read-change-write over as many lost races as it takes, until a deadline.
#[derive(Debug)]
pub(crate) struct Races {
    deadline: Instant,
    lost: u32,
}

impl Races {
    /// Starts before the first read.
    pub(crate) fn new(deadline: Instant) -> Self {
        Races { deadline, lost: 0 }
    }

    /// Returns the pause before reading again, or `None` where it must end.
    ///
    /// Only a conflict that proves that nothing was written may be followed by another
    /// change: the change must never be applied twice.
    pub(crate) fn after_failure(&mut self, error: &Error, now: Instant) -> Option<Duration> {
        let lost_race = matches!(error, Error::VersionConflict { .. });
        if !lost_race || error.write_outcome() != Some(WriteOutcome::NotApplied) {
            return None;
        }
        self.lost = self.lost.saturating_add(1);
        let longest = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.lost - 1));
        let pause = longest.min(LONGEST_PAUSE).mul_f64(fastrand::f64());
        (now + pause < self.deadline).then_some(pause)
    }
}

/// Returns the error of an update for that of its read: that round has written nothing.
pub(crate) fn not_applied(mut error: Error) -> Error {
    error.set_write_outcome(Some(WriteOutcome::NotApplied));
    error
}

/// Returns the error of an update for that of its write.
pub(crate) fn verdict(error: Error, record: Record, data: Bytes) -> Error {
    if error.write_outcome() != Some(WriteOutcome::Unknown) {
        return error;
    }
    Error::OutcomeUnknown {
        record: Box::new(record),
        data,
        failure: error
            .into_failure()
            .with_remark("; read the record again to find out"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use tokio::time::Instant;

    use super::{LONGEST_PAUSE, Races, verdict};
    use crate::code::Code;
    use crate::errors::Error;
    use crate::failure::{Failure, WriteOutcome};
    use crate::records::Record;

    fn conflict(outcome: WriteOutcome) -> Error {
        Error::VersionConflict {
            expected_version: 1,
            actual_version: 2,
            actual_etag: "e".into(),
            failure: Failure::new(Code::Aborted, "too late").with_outcome(Some(outcome)),
        }
    }

    fn record() -> Record {
        Record {
            key: "alice:a".into(),
            data: Bytes::from_static(b"41"),
            version: 1,
            etag: "e".into(),
            expire_time: None,
        }
    }

    #[test]
    fn a_lost_race_is_run_again_after_a_short_pause() {
        let now = Instant::now();
        let mut races = Races::new(now + Duration::from_secs(100));
        for _ in 0..50 {
            let pause = races.after_failure(&conflict(WriteOutcome::NotApplied), now);
            assert!(pause.unwrap() < LONGEST_PAUSE);
        }
    }

    #[test]
    fn a_conflict_that_proves_nothing_ends_an_update() {
        let now = Instant::now();
        let mut races = Races::new(now + Duration::from_secs(100));
        assert_eq!(
            races.after_failure(&conflict(WriteOutcome::Unknown), now),
            None
        );
    }

    #[test]
    fn races_end_with_the_time_of_the_update() {
        let now = Instant::now();
        let mut races = Races::new(now);
        assert_eq!(
            races.after_failure(&conflict(WriteOutcome::NotApplied), now),
            None
        );
    }

    #[test]
    fn an_unknown_outcome_names_what_was_read_and_what_may_have_been_written() {
        let found = verdict(conflict(WriteOutcome::Unknown), record(), Bytes::from("42"));
        assert_eq!(found.code(), Code::Aborted);
        assert!(found.to_string().contains("read the record again"));
        let Error::OutcomeUnknown {
            record: read, data, ..
        } = found
        else {
            panic!("{found:?}");
        };
        assert_eq!((*read, data), (record(), Bytes::from("42")));
    }

    #[test]
    fn a_certain_outcome_keeps_its_error() {
        let found = verdict(conflict(WriteOutcome::NotApplied), record(), Bytes::new());
        assert!(matches!(found, Error::VersionConflict { .. }));
    }
}
