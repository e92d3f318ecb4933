//! The states of a task, and how it goes from one to another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has begun with it.
    Submitted,
    /// Someone is at it.
    Working,
    /// It waits for an answer of its owner.
    InputRequired,
    /// It is done.
    Completed,
    /// It could not be done.
    Failed,
    /// Nobody wants it done any more.
    Cancelled,
}

impl Status {
    /// All of them, in the order in which a task may meet them.
    pub const ALL: [Status; 6] = [
        Status::Submitted,
        Status::Working,
        Status::InputRequired,
        Status::Completed,
        Status::Failed,
        Status::Cancelled,
    ];

    /// Tells whether a task ends with this status.
    #[must_use]
    pub fn is_final(self) -> bool {
        self.next().is_empty()
    }

    /// Tells whether a task can go from this status to another.
    #[must_use]
    pub fn may_become(self, next: Status) -> bool {
        self.next().contains(&next)
    }

    /// Returns those that may follow.
    fn next(self) -> &'static [Status] {
        match self {
            Status::Submitted => &[Status::Working, Status::Failed, Status::Cancelled],
            Status::Working => &[
                Status::InputRequired,
                Status::Completed,
                Status::Failed,
                Status::Cancelled,
            ],
            Status::InputRequired => &[
                Status::Working,
                Status::Completed,
                Status::Failed,
                Status::Cancelled,
            ],
            Status::Completed | Status::Failed | Status::Cancelled => &[],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Status::Submitted => "submitted",
            Status::Working => "working",
            Status::InputRequired => "input_required",
            Status::Completed => "completed",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no status {0:?}; there are submitted, working, input_required, completed, failed and cancelled"
)]
pub struct UnknownStatus(String);

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(word: &str) -> Result<Self, UnknownStatus> {
        Status::ALL
            .into_iter()
            .find(|status| status.name() == word)
            .ok_or_else(|| UnknownStatus(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn a_status_is_written_in_json_as_people_read_it() {
        for status in Status::ALL {
            let name = status.to_string();
            assert_eq!(name.parse(), Ok(status));
            assert_eq!(serde_json::to_value(status).unwrap(), name);
        }
        assert!("done".parse::<Status>().is_err());
    }

    #[test]
    fn a_task_that_was_finished_stays_so() {
        for last in [Status::Completed, Status::Failed, Status::Cancelled] {
            assert!(last.is_final());
            assert!(!Status::ALL.iter().any(|next| last.may_become(*next)));
        }
    }

    #[test]
    fn every_task_can_still_be_finished() {
        for status in [Status::Submitted, Status::Working, Status::InputRequired] {
            assert!(!status.is_final());
            assert!(status.may_become(Status::Failed));
            assert!(status.may_become(Status::Cancelled));
        }
        assert!(!Status::Submitted.may_become(Status::Completed));
    }
}
