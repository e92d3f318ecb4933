//! Listing records.

use std::sync::Arc;
use std::time::Duration;

use super::options::timeout_option;
use super::pages::Pages;
use super::records::Records;
use crate::connection::Connection;
use crate::generated as wire;
use crate::records::{Consistency, Order, Unreadable};

/// Hears of rows that cannot be read.
pub(super) type OnUnreadable = Box<dyn FnMut(Unreadable) + Send>;

/// Lists records by a prefix; from [`Store::list`](crate::Store::list).
#[must_use = "a list begins with records() or pages()"]
pub struct List {
    connection: Arc<Connection>,
    request: wire::ListByPrefixRequest,
    on_unreadable: Option<OnUnreadable>,
    timeout: Option<Duration>,
}

impl List {
    pub(crate) fn new(connection: Arc<Connection>, prefix: String) -> Self {
        List {
            connection,
            request: wire::ListByPrefixRequest {
                prefix,
                ..wire::ListByPrefixRequest::default()
            },
            on_unreadable: None,
            timeout: None,
        }
    }

    /// Sets how many records are fetched at a time. Default (0): 100. More than 1,000 is
    /// lowered to that. A page may hold fewer, because it stays under 1 MiB.
    pub fn page_size(mut self, records: u32) -> Self {
        self.request.page_size = i32::try_from(records).unwrap_or(i32::MAX);
        self
    }

    /// Goes on behind a page, by its [`next_page_token`](crate::Page::next_page_token).
    /// Empty: from the start.
    pub fn page_token(mut self, token: impl Into<String>) -> Self {
        self.request.page_token = token.into();
        self
    }

    /// Sets the most records of the whole list. Default (0): all.
    pub fn limit(mut self, records: u32) -> Self {
        self.request.limit = records;
        self
    }

    /// Leaves out the data. The store is read all the same.
    pub fn keys_only(mut self) -> Self {
        self.request.keys_only = true;
        self
    }

    /// Sets the order, by the bytes of the keys. Default: [`Order::Ascending`].
    pub fn order(mut self, order: Order) -> Self {
        self.request.order = wire::Order::from(order).into();
        self
    }

    /// Sets how fresh the reads must be. Default: [`Consistency::Strong`].
    pub fn consistency(mut self, consistency: Consistency) -> Self {
        self.request.consistency = wire::Consistency::from(consistency).into();
        self
    }

    /// Calls this with each stored row that cannot be read as a record. Without it,
    /// [`records`](List::records) ends with
    /// [`UnreadableRecords`](crate::Error::UnreadableRecords) where there are such rows.
    /// Pages name them by themselves.
    pub fn on_unreadable(mut self, report: impl FnMut(Unreadable) + Send + 'static) -> Self {
        self.on_unreadable = Some(Box::new(report));
        self
    }

    timeout_option!(timeout);

    /// Returns the records, as a stream.
    ///
    /// The list begins when the stream is first polled, and has no time limit unless
    /// [`timeout`](List::timeout) gives it one, which then includes the reader's own time.
    /// Either way a break that lasts as long as the store's timeout ends the list with its
    /// error. Dropping the stream ends the list.
    #[must_use = "streams do nothing unless polled"]
    pub fn records(mut self) -> Records {
        let report = self.on_unreadable.take();
        Records::new(self.pages(), report)
    }

    /// Returns the list in pages, as a stream, for those who page themselves.
    ///
    /// Only an empty [`next_page_token`](crate::Page::next_page_token) means the end. Rows
    /// that cannot be read are in the pages. What is said of [`records`](List::records)
    /// counts here too.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), pannier::Error> {
    /// # let store = pannier::Store::connect_default()?;
    /// for number in 0..3 {
    ///     store.put(format!("carol:task:{number}"), "to do").await?;
    /// }
    /// let mut pages = store.list("carol:").page_size(2).limit(2).pages();
    /// let page = pages.next().await.expect("a list has a page at least")?;
    /// assert_eq!(page.records.len(), 2);
    ///
    /// let mut rest = store.list("carol:").page_token(page.next_page_token).pages();
    /// let page = rest.next().await.expect("a list has a page at least")?;
    /// assert_eq!(page.records[0].key, "carol:task:2");
    /// assert_eq!(page.next_page_token, "");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "streams do nothing unless polled"]
    pub fn pages(self) -> Pages {
        Pages::new(self.connection, self.request, self.timeout)
    }
}
