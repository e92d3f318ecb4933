//! The connection to the sidecar: one HTTP/2 connection, shared by all calls of a store.
//!
//! It is made here, over the crate h2, rather than with tonic's channel, because retries
//! need to know what such a channel does not tell:
//!
//! * whether a call was sent at all. A call that waits for the connection, or whose stream
//!   the sidecar did not take up, leaves no doubt about its outcome;
//! * that a connection works before anything is sent on it: a peer that accepts a
//!   connection and closes it again, as one does that is just starting or stopping, has
//!   not got the call.
//!
//! Calls that find no connection share one attempt at it. They do not queue up behind each
//! other, and attempts have pauses between them.

mod broken;
mod dial;
mod inbound;
mod lane;
mod link;

pub(crate) use broken::Loss;
#[cfg(test)]
pub(crate) use broken::status_of_unopened;
pub(crate) use dial::{Route, TlsRoute};
pub(crate) use lane::Lane;
pub(crate) use link::{Link, Patience, Unconnected};
