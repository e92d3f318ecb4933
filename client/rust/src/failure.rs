//! What every failed call says, and what is refused before a call is made.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::code::Code;

/// What all failures have in common; the methods of [`Error`](crate::Error) tell it.
///
/// As the source of an [`Error`](crate::Error) it tells the status and the reason. Its own source is
/// what broke the connection, where that is known.
#[derive(Debug)]
pub struct Failure(Box<Facts>);

#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) message: String,
    pub(crate) code: Code,
    pub(crate) reason: String,
    pub(crate) write_outcome: Option<WriteOutcome>,
    cause: Option<Cause>,
}

pub(crate) type Cause = Arc<dyn StdError + Send + Sync>;

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Failure(Box::new(Facts {
            message: message.into(),
            code,
            reason: String::new(),
            write_outcome: None,
            cause: None,
        }))
    }

    pub(crate) fn with_reason(mut self, reason: impl Into<String>) -> Self {
        self.0.reason = reason.into();
        self
    }

    pub(crate) fn with_outcome(mut self, outcome: Option<WriteOutcome>) -> Self {
        self.0.write_outcome = outcome;
        self
    }

    pub(crate) fn with_cause(mut self, cause: Cause) -> Self {
        self.0.cause = Some(cause);
        self
    }

    pub(crate) fn with_remark(mut self, remark: &str) -> Self {
        self.0.message.push_str(remark);
        self
    }

    /// Returns the text of the error: the message, and that a write may have been applied
    /// where that is so.
    pub(crate) fn summary(&self) -> impl fmt::Display {
        Summary(&self.0)
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.0
    }

    pub(crate) fn facts_mut(&mut self) -> &mut Facts {
        &mut self.0
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.0.code)?;
        if self.0.reason.is_empty() {
            return Ok(());
        }
        write!(f, ", reason {}", self.0.reason)
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as _)
    }
}

struct Summary<'a>(&'a Facts);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if self.0.write_outcome == Some(WriteOutcome::Unknown) {
            f.write_str(" (the write may have been applied)")?;
        }
        Ok(())
    }
}

/// Whether a failed write may have changed the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WriteOutcome {
    /// Nothing was written.
    NotApplied,
    /// It may have been written.
    Unknown,
}

impl WriteOutcome {
    /// Returns the name as the contract writes it: `"not_applied"` or `"unknown"`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            WriteOutcome::NotApplied => "not_applied",
            WriteOutcome::Unknown => "unknown",
        }
    }
}

/// An argument or a setting that the client itself refuses, before it sends anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ArgumentError {
    message: String,
}

impl ArgumentError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        let message = message.into();
        ArgumentError { message }
    }
}
