//! A list record by record.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_core::Stream;

use super::list::OnUnreadable;
use super::pages::Pages;
use crate::errors::Error;
use crate::listing::UnreadableRows;
use crate::records::{Record, Unreadable};

/// The records of a list; from [`List::records`](crate::calls::List::records).
#[must_use = "streams do nothing unless polled"]
pub struct Records {
    pages: Pages,
    /// Those of the last page that were not given yet.
    queue: vec::IntoIter<Record>,
    unreadable: Vec<Unreadable>,
    report: Option<OnUnreadable>,
    unreported: UnreadableRows,
}

impl Records {
    pub(super) fn new(pages: Pages, report: Option<OnUnreadable>) -> Self {
        Records {
            pages,
            queue: Vec::new().into_iter(),
            unreadable: Vec::new(),
            report,
            unreported: UnreadableRows::default(),
        }
    }

    /// Returns the next record, or `None` after the last one or an error. It may be dropped
    /// and called again without losing a record.
    pub async fn next(&mut self) -> Option<Result<Record, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Reports the unreadable rows of the page whose records were all given.
    fn report(&mut self) {
        for row in self.unreadable.drain(..) {
            match &mut self.report {
                Some(report) => report(row),
                None => self.unreported.add(row),
            }
        }
    }
}

impl Stream for Records {
    type Item = Result<Record, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(record) = self.queue.next() {
                return Poll::Ready(Some(Ok(record)));
            }
            self.report();
            match ready!(Pin::new(&mut self.pages).poll_next(context)) {
                Some(Ok(page)) => {
                    self.queue = page.records.into_iter();
                    self.unreadable = page.unreadable;
                }
                Some(Err(error)) => {
                    self.unreported = UnreadableRows::default();
                    return Poll::Ready(Some(Err(error)));
                }
                None => return Poll::Ready(self.unreported.take_error().map(Err)),
            }
        }
    }
}
