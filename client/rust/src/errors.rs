//! What can go wrong, with the facts.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::code::Code;
use crate::failure::{ArgumentError, Facts, Failure, WriteOutcome};
use crate::records::{Record, Unreadable};

macro_rules! failure_of {
    ($error:expr) => {
        match $error {
            Error::NotFound(failure)
            | Error::VersionConflict { failure, .. }
            | Error::AlreadyExists(failure)
            | Error::Argument(failure)
            | Error::InvalidArgument(failure)
            | Error::DataTooLarge { failure, .. }
            | Error::RequestIdReused(failure)
            | Error::Unauthenticated(failure)
            | Error::PermissionDenied(failure)
            | Error::Throttled { failure, .. }
            | Error::Overloaded { failure, .. }
            | Error::StoreMisconfigured(failure)
            | Error::Unavailable(failure)
            | Error::DeadlineExceeded(failure)
            | Error::CorruptRecord(failure)
            | Error::InternalError(failure)
            | Error::StoreClosed(failure)
            | Error::OutcomeUnknown { failure, .. }
            | Error::UnreadableRecords { failure, .. }
            | Error::Other(failure) => failure,
        }
    };
}

/// A call that did not succeed.
///
/// Match those that you can do something about: [`NotFound`](Error::NotFound),
/// [`VersionConflict`](Error::VersionConflict) and [`AlreadyExists`](Error::AlreadyExists)
/// are answers; [`Unavailable`](Error::Unavailable),
/// [`DeadlineExceeded`](Error::DeadlineExceeded) and [`Throttled`](Error::Throttled) are
/// trouble that may pass; [`StoreMisconfigured`](Error::StoreMisconfigured) needs a person.
///
/// Its text tells people what is wrong and often what to do. It holds no key, no data and
/// no token.
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> Result<(), pannier::Error> {
/// use pannier::{Error, Store};
///
/// let store = Store::connect_default()?;
/// store.put("erin:theme", "light").await?;
/// store.put("erin:theme", "dark").await?;
///
/// match store.put_if_version("erin:theme", "blue", 1).await {
///     Err(Error::VersionConflict { actual_version, .. }) => assert_eq!(actual_version, 2),
///     other => panic!("{other:?}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No live record has the key: never written, deleted, or expired.
    #[error("{}", .0.summary())]
    NotFound(#[source] Failure),

    /// The record has another version or etag than expected: read it again.
    #[error("{}", .failure.summary())]
    #[non_exhaustive]
    VersionConflict {
        /// The version that the call expected; 0 where it gave an etag only.
        expected_version: u64,
        /// The version that the store saw in the check that failed; 0 where the server did
        /// not say.
        actual_version: u64,
        /// The etag that it saw there; empty where the server did not say.
        actual_etag: String,
        /// What all failures have in common.
        #[source]
        failure: Failure,
    },

    /// A live record has the key that was to be created.
    #[error("{}", .0.summary())]
    AlreadyExists(#[source] Failure),

    /// The client itself refuses an argument or a setting; nothing was sent.
    #[error("{}", .0.summary())]
    Argument(#[source] Failure),

    /// The sidecar refuses an argument; [`reason`](Error::reason) tells which.
    #[error("{}", .0.summary())]
    InvalidArgument(#[source] Failure),

    /// The data is larger than the server takes.
    #[error("{}", .failure.summary())]
    #[non_exhaustive]
    DataTooLarge {
        /// The size of the data in bytes; 0 where the server did not say.
        actual_bytes: u64,
        /// The largest size that is accepted, in bytes; 0 where the server did not say.
        limit_bytes: u64,
        /// What all failures have in common.
        #[source]
        failure: Failure,
    },

    /// The request id was used for another write to this key.
    #[error("{}", .0.summary())]
    RequestIdReused(#[source] Failure),

    /// The sidecar wants to know who calls, or does not believe it.
    #[error("{}", .0.summary())]
    Unauthenticated(#[source] Failure),

    /// The caller may not do this, or not to this owner's records.
    #[error("{}", .0.summary())]
    PermissionDenied(#[source] Failure),

    /// The store asks for fewer requests.
    #[error("{}", .failure.summary())]
    #[non_exhaustive]
    Throttled {
        /// When the server wants to be asked again; `None` where it wants no retry.
        retry_delay: Option<Duration>,
        /// What all failures have in common.
        #[source]
        failure: Failure,
    },

    /// The sidecar itself has more work than it can do in time.
    #[error("{}", .failure.summary())]
    #[non_exhaustive]
    Overloaded {
        /// When the server wants to be asked again; `None` where it wants no retry.
        retry_delay: Option<Duration>,
        /// What all failures have in common.
        #[source]
        failure: Failure,
    },

    /// The store needs someone's attention; [`reason`](Error::reason) and text say what for.
    #[error("{}", .0.summary())]
    StoreMisconfigured(#[source] Failure),

    /// The sidecar or its store cannot be reached, or the connection broke.
    #[error("{}", .0.summary())]
    Unavailable(#[source] Failure),

    /// The call's time ran out.
    #[error("{}", .0.summary())]
    DeadlineExceeded(#[source] Failure),

    /// The stored row cannot be read as a record; the text says what is wrong.
    #[error("{}", .0.summary())]
    CorruptRecord(#[source] Failure),

    /// A bug of the sidecar.
    #[error("{}", .0.summary())]
    InternalError(#[source] Failure),

    /// The store was closed, before the call or while it ran.
    #[error("{}", .0.summary())]
    StoreClosed(#[source] Failure),

    /// An update failed and may have been applied all the same. Read the record again to
    /// find out. Code and reason are those of the write.
    #[error("{}", .failure.summary())]
    #[non_exhaustive]
    OutcomeUnknown {
        /// The record that the change started from.
        record: Box<Record>,
        /// The data that may have been written over it.
        data: Bytes,
        /// What all failures have in common.
        #[source]
        failure: Failure,
    },

    /// A list met stored rows that are no readable records; it gave all others before.
    #[error("{}", .failure.summary())]
    #[non_exhaustive]
    UnreadableRecords {
        /// Key and problem of each, at most the first 1,000 of them.
        unreadable: Vec<Unreadable>,
        /// How many there were.
        count: u64,
        /// What all failures have in common.
        #[source]
        failure: Failure,
    },

    /// Any other status.
    #[error("{}", .0.summary())]
    Other(#[source] Failure),
}

impl Error {
    /// Returns what is wrong, without the remark on the outcome that the error's text has.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.facts().message
    }

    /// Returns the gRPC status code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.facts().code
    }

    /// Returns the contract's reason, such as `"KEY_INVALID"`; empty where the sidecar did
    /// not send one, as when it cannot be reached.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.facts().reason
    }

    /// Returns, for a failed write, whether it may have been applied, over all attempts at
    /// it. `None` for reads, and for an argument that the client refused.
    #[must_use]
    pub fn write_outcome(&self) -> Option<WriteOutcome> {
        self.facts().write_outcome
    }

    pub(crate) fn set_write_outcome(&mut self, outcome: Option<WriteOutcome>) {
        failure_of!(self).facts_mut().write_outcome = outcome;
    }

    pub(crate) fn into_failure(self) -> Failure {
        failure_of!(self)
    }

    fn facts(&self) -> &Facts {
        failure_of!(self).facts()
    }

    fn kind(&self) -> &'static str {
        match self {
            Error::NotFound(_) => "NotFound",
            Error::VersionConflict { .. } => "VersionConflict",
            Error::AlreadyExists(_) => "AlreadyExists",
            Error::Argument(_) => "Argument",
            Error::InvalidArgument(_) => "InvalidArgument",
            Error::DataTooLarge { .. } => "DataTooLarge",
            Error::RequestIdReused(_) => "RequestIdReused",
            Error::Unauthenticated(_) => "Unauthenticated",
            Error::PermissionDenied(_) => "PermissionDenied",
            Error::Throttled { .. } => "Throttled",
            Error::Overloaded { .. } => "Overloaded",
            Error::StoreMisconfigured(_) => "StoreMisconfigured",
            Error::Unavailable(_) => "Unavailable",
            Error::DeadlineExceeded(_) => "DeadlineExceeded",
            Error::CorruptRecord(_) => "CorruptRecord",
            Error::InternalError(_) => "InternalError",
            Error::StoreClosed(_) => "StoreClosed",
            Error::OutcomeUnknown { .. } => "OutcomeUnknown",
            Error::UnreadableRecords { .. } => "UnreadableRecords",
            Error::Other(_) => "Other",
        }
    }
}

/// Tells what all failures have in common, and nothing of keys and data: where an error is
/// unwrapped, this form goes to the logs.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = self.facts();
        f.debug_struct(self.kind())
            .field("message", &facts.message)
            .field("code", &facts.code)
            .field("reason", &facts.reason)
            .field("write_outcome", &facts.write_outcome)
            .finish_non_exhaustive()
    }
}

impl From<ArgumentError> for Error {
    fn from(refused: ArgumentError) -> Self {
        Error::Argument(Failure::new(Code::InvalidArgument, refused.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::sync::Arc;

    use bytes::Bytes;

    use super::{Error, Failure, WriteOutcome};
    use crate::code::Code;
    use crate::records::Record;

    fn unknown() -> Error {
        Error::OutcomeUnknown {
            record: Box::new(Record {
                key: "alice:secret".into(),
                data: Bytes::from_static(b"secret"),
                version: 1,
                etag: "e".into(),
                expire_time: None,
            }),
            data: Bytes::from_static(b"secret"),
            failure: Failure::new(Code::Unavailable, "away")
                .with_reason("DRAINING")
                .with_outcome(Some(WriteOutcome::Unknown))
                .with_cause(Arc::new(std::io::Error::other("cut"))),
        }
    }

    #[test]
    fn no_form_of_an_error_holds_a_key_or_data() {
        let error = unknown();
        assert!(!format!("{error} {error:?} {error:#?}").contains("secret"));
    }

    #[test]
    fn an_error_says_that_a_write_may_have_been_applied() {
        let error = unknown();
        assert_eq!(error.to_string(), "away (the write may have been applied)");
        assert_eq!(error.message(), "away");
    }

    #[test]
    fn the_sources_tell_the_status_and_then_what_broke() {
        let error = unknown();
        let status = error.source().unwrap();
        assert_eq!(status.to_string(), "status UNAVAILABLE, reason DRAINING");
        assert_eq!(status.source().unwrap().to_string(), "cut");
    }

    #[test]
    fn errors_are_small_and_cross_threads() {
        fn crosses_threads<T: Send + Sync + 'static>() {}
        crosses_threads::<Error>();
        assert!(size_of::<Error>() <= 64);
    }
}
