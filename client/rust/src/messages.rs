//! Answers into what the store gives.

use bytes::Bytes;

use crate::expiry::read_time;
use crate::generated as wire;
use crate::records::{Cleanup, Consistency, Order, Page, Record, Unreadable, Written};

pub(crate) fn read_record(record: wire::Record) -> Record {
    Record {
        key: record.key,
        data: Bytes::from(record.data),
        version: record.version,
        etag: record.etag,
        expire_time: read_time(record.expire_time),
    }
}

pub(crate) fn read_put(answer: wire::PutResponse) -> Written {
    Written {
        version: answer.version,
        etag: answer.etag,
        expire_time: read_time(answer.expire_time),
    }
}

pub(crate) fn read_put_if_version(answer: wire::PutIfVersionResponse) -> Written {
    Written {
        version: answer.version,
        etag: answer.etag,
        expire_time: read_time(answer.expire_time),
    }
}

/// Returns a record as a write over it left it.
pub(crate) fn read_changed(record: Record, data: Bytes, written: Written) -> Record {
    Record {
        key: record.key,
        data,
        version: written.version,
        etag: written.etag,
        expire_time: written.expire_time,
    }
}

pub(crate) fn read_page(page: wire::ListByPrefixResponse) -> Page {
    let row = |row: wire::UnreadableRecord| Unreadable {
        key: row.key,
        problem: row.problem,
    };
    Page {
        records: page.records.into_iter().map(read_record).collect(),
        next_page_token: page.next_page_token,
        unreadable: page.unreadable.into_iter().map(row).collect(),
    }
}

pub(crate) fn read_cleanup(answer: wire::CleanupExpiredResponse) -> Cleanup {
    Cleanup {
        removed: answer.removed,
        more: answer.more,
    }
}

impl From<Consistency> for wire::Consistency {
    fn from(consistency: Consistency) -> Self {
        match consistency {
            Consistency::Strong => wire::Consistency::Strong,
            Consistency::Eventual => wire::Consistency::Eventual,
        }
    }
}

impl From<Order> for wire::Order {
    fn from(order: Order) -> Self {
        match order {
            Order::Ascending => wire::Order::Ascending,
            Order::Descending => wire::Order::Descending,
        }
    }
}
