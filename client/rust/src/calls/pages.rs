//! A list in pages.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Instant, timeout_at};
use tonic::Streaming;

use super::Running;
use crate::connection::Connection;
use crate::errors::Error;
use crate::generated::{ListByPrefixRequest, ListByPrefixResponse};
use crate::listing::{Listing, cut_short};
use crate::records::Page;

/// The pages of a list; from [`List::pages`](crate::calls::List::pages).
#[must_use = "streams do nothing unless polled"]
pub struct Pages {
    turn: Turn,
}

/// Whose turn it is: the reader's, or that of the next page.
enum Turn {
    Reader(Box<Cursor>),
    Page(Running<'static, Advanced>),
    Over,
}

/// What a list's next page makes of it.
type Advanced = (Box<Cursor>, Option<Result<Page, Error>>);

impl Pages {
    pub(super) fn new(
        connection: Arc<Connection>,
        request: ListByPrefixRequest,
        timeout: Option<Duration>,
    ) -> Self {
        let cursor = Cursor {
            connection,
            listing: Listing::new(request),
            timeout,
            deadline: None,
            stream: None,
        };
        Pages {
            turn: Turn::Reader(Box::new(cursor)),
        }
    }

    /// Returns the next page, or `None` after the last one or an error. It may be dropped
    /// and called again without losing a page.
    pub async fn next(&mut self) -> Option<Result<Page, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for Pages {
    type Item = Result<Page, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.turn = match std::mem::replace(&mut self.turn, Turn::Over) {
            Turn::Reader(cursor) => Turn::Page(Box::pin(cursor.advance())),
            other => other,
        };
        let Turn::Page(running) = &mut self.turn else {
            return Poll::Ready(None);
        };
        let (cursor, page) = ready!(running.as_mut().poll(context));
        self.turn = match &page {
            Some(Ok(_)) => Turn::Reader(cursor),
            Some(Err(_)) | None => Turn::Over,
        };
        Poll::Ready(page)
    }
}

/// Where a list stands, with the stream that is open for it.
struct Cursor {
    connection: Arc<Connection>,
    listing: Listing,
    /// The time for the whole list, until it begins.
    timeout: Option<Duration>,
    /// The same as a point in time, since it began.
    deadline: Option<Instant>,
    stream: Option<Streaming<ListByPrefixResponse>>,
}

impl Cursor {
    async fn advance(mut self: Box<Self>) -> Advanced {
        let page = self.next_page().await.transpose();
        (self, page)
    }

    /// Returns the next page, going on after breaks; `None` at the end.
    async fn next_page(&mut self) -> Result<Option<Page>, Error> {
        if let Some(timeout) = self.timeout.take() {
            self.deadline = Some(self.connection.deadline(Some(timeout))?);
        }
        while !self.listing.has_ended() {
            match self.receive().await {
                Ok(answer) => return Ok(Some(self.listing.accept(answer))),
                Err(error) => self.mend(error).await?,
            }
        }
        self.finish().await;
        Ok(None)
    }

    /// Waits before the list goes on behind its last page, or fails with the error.
    async fn mend(&mut self, mut error: Error) -> Result<(), Error> {
        self.stream = None;
        let now = Instant::now();
        let policy = self.connection.retries();
        let give_up = self.sooner(now + self.connection.timeout());
        match self.listing.after_failure(&mut error, policy, give_up, now) {
            Some(pause) => self.connection.pause(pause, &error).await,
            None => return Err(error),
        }
        Ok(())
    }

    /// Returns the next message. A list without a time limit waits for it as long as it
    /// takes, but not in a break.
    async fn receive(&mut self) -> Result<ListByPrefixResponse, Error> {
        let until = match self.listing.give_up() {
            Some(give_up) => Some(self.sooner(give_up)),
            None => self.deadline,
        };
        let Some(until) = until else {
            return self.fetch().await;
        };
        match timeout_at(until, self.fetch()).await {
            Ok(received) => received,
            Err(_) => Err(self.connection.out_of_time(self.stream.is_some())),
        }
    }

    async fn fetch(&mut self) -> Result<ListByPrefixResponse, Error> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let request = self.listing.request().clone();
                none.insert(self.connection.list(request, self.deadline).await?)
            }
        };
        match stream.message().await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(cut_short()),
            Err(status) => Err(self.connection.read_error(&status)),
        }
    }

    /// Waits for the stream's status, so that the sidecar does not see a call cut off.
    async fn finish(&mut self) {
        let until = self.sooner(Instant::now() + self.connection.timeout());
        if let Some(mut stream) = self.stream.take() {
            // Whatever it is: the list has all its records.
            let _ = timeout_at(until, stream.message()).await;
        }
    }

    fn sooner(&self, time: Instant) -> Instant {
        self.deadline.map_or(time, |deadline| deadline.min(time))
    }
}
