//! When a record expires: what callers say, as the field of a request.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prost_types::Timestamp;

use crate::ArgumentError;
use crate::generated::{put_if_version_request, put_request};

/// The last second of the year 9999, where the contract's times end.
const LAST_SECOND: Duration = Duration::from_secs(253_402_300_799);

/// The first second of the year 1, where they begin, as seconds before 1970.
const SECONDS_BEFORE: Duration = Duration::from_secs(62_135_596_800);

/// What a caller says about a write's expiry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// Nothing: the server decides.
    #[default]
    Unsaid,
    /// So long after the call.
    After(Duration),
    /// At this time.
    At(SystemTime),
    /// Never, whatever the data says.
    Never,
    /// More than one of these.
    Contradictory,
}

impl Expiry {
    /// Returns this after the caller has said one thing more.
    pub(crate) fn and(self, said: Expiry) -> Expiry {
        match self {
            Expiry::Unsaid => said,
            _ => Expiry::Contradictory,
        }
    }

    /// Returns the request's field; called once per write, not per attempt.
    ///
    /// # Errors
    ///
    /// More than one thing was said, the time to live is 0 or too long, or the time is beyond
    /// the contract's.
    pub(crate) fn resolve(self, now: SystemTime) -> Result<Field, ArgumentError> {
        match self {
            Expiry::Unsaid => Ok(Field::Absent),
            Expiry::After(ttl) => Ok(Field::Time(after(ttl, now)?.into())),
            Expiry::At(time) => Ok(Field::Time(within_range(time)?.into())),
            Expiry::Never => Ok(Field::Never),
            Expiry::Contradictory => Err(ArgumentError::new(
                "give only one of ttl, expire_time and never_expires",
            )),
        }
    }
}

fn after(ttl: Duration, now: SystemTime) -> Result<SystemTime, ArgumentError> {
    // Elsewhere 0 often means "never"; here it would delete the record at once.
    if ttl.is_zero() {
        return Err(ArgumentError::new(
            "ttl must be above 0; for a record that never expires use never_expires",
        ));
    }
    now.checked_add(ttl)
        .filter(|time| *time <= UNIX_EPOCH + LAST_SECOND)
        .ok_or_else(|| {
            ArgumentError::new("ttl reaches beyond the year 9999; use never_expires instead")
        })
}

fn within_range(time: SystemTime) -> Result<SystemTime, ArgumentError> {
    // Others cannot be told to the sidecar, and some not even be put into a timestamp.
    if time < UNIX_EPOCH - SECONDS_BEFORE
        || time >= UNIX_EPOCH + LAST_SECOND + Duration::from_secs(1)
    {
        return Err(ArgumentError::new(
            "expire_time must be in the years 1 to 9999; for a record that never expires use \
             never_expires",
        ));
    }
    Ok(time)
}

/// The field `expiry` of a write's request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Field {
    /// Not set.
    Absent,
    Time(Timestamp),
    Never,
}

impl Field {
    /// Returns the field that leaves a record's expiry as it is, whatever its data says.
    pub(crate) fn keeping(expire_time: Option<SystemTime>) -> Field {
        expire_time.map_or(Field::Never, |time| Field::Time(time.into()))
    }

    /// Returns this, or the other where it is absent.
    pub(crate) fn or(self, other: impl FnOnce() -> Field) -> Field {
        match self {
            Field::Absent => other(),
            said => said,
        }
    }
}

impl From<Field> for Option<put_request::Expiry> {
    fn from(field: Field) -> Self {
        match field {
            Field::Absent => None,
            Field::Time(time) => Some(put_request::Expiry::ExpireTime(time)),
            Field::Never => Some(put_request::Expiry::NeverExpires(true)),
        }
    }
}

impl From<Field> for Option<put_if_version_request::Expiry> {
    fn from(field: Field) -> Self {
        match field {
            Field::Absent => None,
            Field::Time(time) => Some(put_if_version_request::Expiry::ExpireTime(time)),
            Field::Never => Some(put_if_version_request::Expiry::NeverExpires(true)),
        }
    }
}

/// Returns the time of an answer.
pub(crate) fn read_time(stamp: Option<Timestamp>) -> Option<SystemTime> {
    // The contract's times, of the years 1 to 9999, are all in the range.
    stamp.and_then(|stamp| SystemTime::try_from(stamp).ok())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use prost_types::Timestamp;

    use super::{Expiry, Field, LAST_SECOND, SECONDS_BEFORE, read_time};

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(seconds: i64, nanos: i32) -> Field {
        Field::Time(Timestamp { seconds, nanos })
    }

    #[test]
    fn a_time_to_live_counts_from_now() {
        let resolved = Expiry::After(HOUR).resolve(UNIX_EPOCH + HOUR).unwrap();
        assert_eq!(resolved, at(7200, 0));
    }

    #[test]
    fn fractions_of_a_second_are_kept_for_the_server_to_round() {
        let resolved = Expiry::After(Duration::from_millis(1_500)).resolve(UNIX_EPOCH);
        assert_eq!(resolved.unwrap(), at(1, 500_000_000));
    }

    #[test]
    fn times_before_1970_are_times_too() {
        let time = UNIX_EPOCH - Duration::from_millis(1_500);
        let resolved = Expiry::At(time).resolve(SystemTime::now()).unwrap();
        assert_eq!(resolved, at(-2, 500_000_000));
        let stamp = Timestamp {
            seconds: -2,
            nanos: 500_000_000,
        };
        assert_eq!(read_time(Some(stamp)), Some(time));
    }

    #[test]
    fn times_that_no_timestamp_can_hold_are_refused() {
        let refused = |time: Option<SystemTime>| {
            let problem = Expiry::At(time.unwrap()).resolve(UNIX_EPOCH).unwrap_err();
            assert!(problem.to_string().contains("1 to 9999"), "{problem}");
        };
        refused(UNIX_EPOCH.checked_sub(Duration::from_secs(1 << 63)));
        refused(UNIX_EPOCH.checked_sub(SECONDS_BEFORE + Duration::from_nanos(1)));
        refused(UNIX_EPOCH.checked_add(LAST_SECOND + Duration::from_secs(1)));
        let last = UNIX_EPOCH + LAST_SECOND + Duration::from_millis(999);
        for time in [UNIX_EPOCH - SECONDS_BEFORE, last] {
            assert!(Expiry::At(time).resolve(UNIX_EPOCH).is_ok());
        }
    }

    #[test]
    fn a_time_to_live_that_makes_no_sense_is_refused() {
        let refused = |ttl| {
            let problem = Expiry::After(ttl).resolve(UNIX_EPOCH + HOUR).unwrap_err();
            problem.to_string()
        };
        assert!(refused(Duration::ZERO).starts_with("ttl must be above 0"));
        assert!(refused(LAST_SECOND).contains("9999"));
        assert!(refused(Duration::MAX).contains("9999"));
        assert!(Expiry::After(LAST_SECOND).resolve(UNIX_EPOCH).is_ok());
    }

    #[test]
    fn only_one_thing_may_be_said() {
        let both = Expiry::default()
            .and(Expiry::After(HOUR))
            .and(Expiry::Never);
        assert!(both.resolve(UNIX_EPOCH).is_err());
        let one = Expiry::default().and(Expiry::Never);
        assert_eq!(one.resolve(UNIX_EPOCH), Ok(Field::Never));
    }

    #[test]
    fn an_expiry_is_kept_unless_something_is_said() {
        let kept = || Field::keeping(Some(UNIX_EPOCH + HOUR));
        assert_eq!(Field::Absent.or(kept), at(3600, 0));
        assert_eq!(Field::Never.or(kept), Field::Never);
        assert_eq!(Field::keeping(None), Field::Never);
    }
}
