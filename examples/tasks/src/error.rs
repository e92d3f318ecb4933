//! What can go wrong with tasks.

use crate::status::Status;

/// A task that was not read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// The owner has no such task: never created, removed, or expired.
    #[error("there is no such task")]
    NotFound,

    /// The owner has a task with this id already.
    #[error("there is a task with this id already")]
    AlreadyExists,

    /// Someone else changed the task since it was read: read it again.
    #[error("the task was changed meanwhile; it is at version {actual_version} now")]
    Conflict {
        /// The version that it has.
        actual_version: u64,
    },

    /// The task is finished, and finished tasks do not change.
    #[error("the task is {status} and does not change any more")]
    Finished {
        /// How it was finished.
        status: Status,
    },

    /// A task does not go from the one status to the other.
    #[error("a task that is {from} cannot become {to}")]
    NotAllowed {
        /// The status that it has.
        from: Status,
        /// The status that it was to get.
        to: Status,
    },

    /// A task cannot expire at the time that was given.
    #[error("a task expires in the years 1970 to 9999")]
    NoTime,

    /// What is stored there is no task.
    #[error("what is stored there is no task: {0}")]
    NoTask(#[from] serde_json::Error),

    /// The store failed.
    #[error(transparent)]
    Store(pannier::Error),
}

impl From<pannier::Error> for TaskError {
    fn from(error: pannier::Error) -> Self {
        match error {
            pannier::Error::NotFound(_) => TaskError::NotFound,
            pannier::Error::AlreadyExists(_) => TaskError::AlreadyExists,
            pannier::Error::VersionConflict { actual_version, .. } => {
                TaskError::Conflict { actual_version }
            }
            other => TaskError::Store(other),
        }
    }
}

impl From<pannier::ArgumentError> for TaskError {
    fn from(error: pannier::ArgumentError) -> Self {
        TaskError::Store(error.into())
    }
}
