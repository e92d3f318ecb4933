//! What a store answers: records, and what became of a write, a list or a clean-up.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;

/// One version of a record.
///
/// Its `Debug` form does not show the data.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// Its key, `owner:name`.
    pub key: String,
    /// Its data. Empty in a list with [`keys_only`](crate::calls::List::keys_only).
    pub data: Bytes,
    /// From 1 up to 2^63-1, one more with each write. It starts again at 1 when a deleted
    /// record is created again.
    pub version: u64,
    /// Names the one write that made this version. Opaque, never empty.
    pub etag: String,
    /// When it expires, in whole seconds; `None` for never.
    pub expire_time: Option<SystemTime>,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("key", &self.key)
            .field("version", &self.version)
            .field("etag", &self.etag)
            .field("expire_time", &self.expire_time)
            .finish_non_exhaustive()
    }
}

/// What a write made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// The version that it made, from 1 up.
    pub version: u64,
    /// The etag of that version.
    pub etag: String,
    /// When the record expires as the server resolved it, in whole seconds; `None` for
    /// never.
    pub expire_time: Option<SystemTime>,
}

/// A stored row that is not a readable record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unreadable {
    /// Its key, `owner:name`.
    pub key: String,
    /// What is wrong with it, for people.
    pub problem: String,
}

/// A piece of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// The page's records, in the list's order.
    pub records: Vec<Record>,
    /// Goes on after this page, as [`page_token`](crate::calls::List::page_token); empty
    /// at the end.
    pub next_page_token: String,
    /// The rows in this page's range that cannot be read.
    pub unreadable: Vec<Unreadable>,
}

/// What a clean-up did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cleanup {
    /// How many expired records it removed.
    pub removed: u64,
    /// Whether the limit or the deadline ended it: call again for the rest.
    pub more: bool,
}

/// How fresh a read must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Consistency {
    /// The read sees every write that was answered before it began.
    #[default]
    Strong,
    /// The read may miss recent writes. On `DynamoDB` it costs half as much.
    Eventual,
}

/// The order of a list, by the bytes of the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// Smallest key first.
    #[default]
    Ascending,
    /// Largest key first.
    Descending,
}
