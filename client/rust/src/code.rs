//! The status codes of gRPC.

use std::fmt;

/// A gRPC status code (the gRPC documentation, "Status codes and their use in gRPC").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// No error.
    Ok,
    /// The call was cancelled, or the store was closed.
    Cancelled,
    /// An error that says no more.
    Unknown,
    /// An argument is wrong, whatever the store holds.
    InvalidArgument,
    /// The call's time ran out.
    DeadlineExceeded,
    /// No live record has the key.
    NotFound,
    /// A live record has the key that was to be created.
    AlreadyExists,
    /// The caller may not do this.
    PermissionDenied,
    /// The store or the sidecar has too much to do.
    ResourceExhausted,
    /// The store needs someone's attention.
    FailedPrecondition,
    /// The record has another version or etag than expected.
    Aborted,
    /// Something lies beyond a limit.
    OutOfRange,
    /// The server does not have this call.
    Unimplemented,
    /// A bug.
    Internal,
    /// The sidecar or its store cannot be reached.
    Unavailable,
    /// The stored row cannot be read.
    DataLoss,
    /// The caller did not say who it is, or not believably.
    Unauthenticated,
}

impl Code {
    /// Returns the name as gRPC writes it, such as `"NOT_FOUND"`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Ok => "OK",
            Code::Cancelled => "CANCELLED",
            Code::Unknown => "UNKNOWN",
            Code::InvalidArgument => "INVALID_ARGUMENT",
            Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Code::NotFound => "NOT_FOUND",
            Code::AlreadyExists => "ALREADY_EXISTS",
            Code::PermissionDenied => "PERMISSION_DENIED",
            Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Code::FailedPrecondition => "FAILED_PRECONDITION",
            Code::Aborted => "ABORTED",
            Code::OutOfRange => "OUT_OF_RANGE",
            Code::Unimplemented => "UNIMPLEMENTED",
            Code::Internal => "INTERNAL",
            Code::Unavailable => "UNAVAILABLE",
            Code::DataLoss => "DATA_LOSS",
            Code::Unauthenticated => "UNAUTHENTICATED",
        }
    }

    // Not `From`: tonic is no part of this crate's public interface.
    pub(crate) fn of(code: tonic::Code) -> Self {
        match code {
            tonic::Code::Ok => Code::Ok,
            tonic::Code::Cancelled => Code::Cancelled,
            tonic::Code::Unknown => Code::Unknown,
            tonic::Code::InvalidArgument => Code::InvalidArgument,
            tonic::Code::DeadlineExceeded => Code::DeadlineExceeded,
            tonic::Code::NotFound => Code::NotFound,
            tonic::Code::AlreadyExists => Code::AlreadyExists,
            tonic::Code::PermissionDenied => Code::PermissionDenied,
            tonic::Code::ResourceExhausted => Code::ResourceExhausted,
            tonic::Code::FailedPrecondition => Code::FailedPrecondition,
            tonic::Code::Aborted => Code::Aborted,
            tonic::Code::OutOfRange => Code::OutOfRange,
            tonic::Code::Unimplemented => Code::Unimplemented,
            tonic::Code::Internal => Code::Internal,
            tonic::Code::Unavailable => Code::Unavailable,
            tonic::Code::DataLoss => Code::DataLoss,
            tonic::Code::Unauthenticated => Code::Unauthenticated,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
