//! What an HTTP/2 error means for the call that met it.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use h2::Reason;
use tonic::{Code, Status};

use crate::failure::Cause;

/// The source of a status that the connection made and not the sidecar.
#[derive(Debug)]
pub(crate) struct Loss {
    unsent: bool,
    cause: Arc<h2::Error>,
}

impl Loss {
    /// Returns what a status says about its connection, where that made it.
    pub(crate) fn of(status: &Status) -> Option<&Loss> {
        status.source()?.downcast_ref()
    }

    /// Tells whether the sidecar has certainly not begun with the call.
    pub(crate) fn is_unsent(&self) -> bool {
        self.unsent
    }

    /// Returns what happened to the connection.
    pub(crate) fn cause(&self) -> Cause {
        self.cause.clone()
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl StdError for Loss {}

/// Returns the status of a call whose stream ended with an error.
pub(super) fn status_of(error: h2::Error) -> Status {
    let unsent = is_unprocessed(&error);
    status(error, unsent)
}

/// Returns the status of a call whose stream could not even be opened.
pub(crate) fn status_of_unopened(error: h2::Error) -> Status {
    status(error, true)
}

fn status(error: h2::Error, unsent: bool) -> Status {
    let mut status = Status::new(code_of(&error), error.to_string());
    let cause = Arc::new(error);
    status.set_source(Arc::new(Loss { unsent, cause }));
    status
}

/// Tells whether the other side says that it did nothing for the stream (RFC 9113, sections
/// 6.8 and 8.7). A GOAWAY reaches only streams above its last stream id as an error.
fn is_unprocessed(error: &h2::Error) -> bool {
    error.is_remote() && (error.is_go_away() || error.reason() == Some(Reason::REFUSED_STREAM))
}

/// A lost connection is UNAVAILABLE, whatever broke it; two refusals say more than that
/// (the mapping of HTTP/2 error codes in gRPC's protocol).
fn code_of(error: &h2::Error) -> Code {
    match error.reason() {
        Some(Reason::ENHANCE_YOUR_CALM) if error.is_reset() => Code::ResourceExhausted,
        Some(Reason::INADEQUATE_SECURITY) => Code::PermissionDenied,
        _ => Code::Unavailable,
    }
}
