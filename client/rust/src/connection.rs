//! The calls of a store: attempts, pauses, deadlines, and what becomes of failures.

use std::time::Duration;

use http::Uri;
use tokio::time::{Instant, timeout_at};
use tonic::metadata::MetadataMap;
use tonic::{Request, Status, Streaming};

use crate::ArgumentError;
use crate::attempts::{Attempts, Safety};
use crate::code::Code;
use crate::errors::Error;
use crate::failure::{Failure, WriteOutcome};
use crate::generated::{ListByPrefixRequest, ListByPrefixResponse};
use crate::retries::RetryPolicy;
use crate::rpc::{Client, Rpc};
use crate::settings::Settings;
use crate::status::{out_of_time, read_error, unreachable_error};
use crate::transport::{Lane, Link, Loss, Patience, Unconnected};

/// The longest message that is read. A page may hold one record, whose data is under 4 MiB.
const MAX_MESSAGE_BYTES: usize = 8 * 1024 * 1024;

/// A store's way to its sidecar; all clones of the store share it.
pub(crate) struct Connection {
    settings: Settings,
    origin: Uri,
    link: Link,
}

/// One call over all its attempts.
struct Call {
    attempts: Attempts,
    patience: Patience,
    deadline: Instant,
    /// Whether the attempt that is being made may have reached the sidecar.
    sent: bool,
}

impl Connection {
    pub(crate) fn new(settings: Settings, origin: Uri, link: Link) -> Self {
        Connection {
            settings,
            origin,
            link,
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.settings.address
    }

    pub(crate) fn retries(&self) -> RetryPolicy {
        self.settings.retries
    }

    /// Returns the time that a call may take, unless it says otherwise.
    pub(crate) fn timeout(&self) -> Duration {
        self.settings.timeout
    }

    /// Returns when a call that begins now must end.
    pub(crate) fn deadline(&self, timeout: Option<Duration>) -> Result<Instant, ArgumentError> {
        self.settings.deadline(timeout)
    }

    /// Ends what runs and closes the connection.
    pub(crate) fn close(&self) {
        self.link.close();
    }

    /// Returns the answer to a call, over as many attempts as are safe and fit.
    ///
    /// A write waits for the connection before it is sent, so that a sidecar which is not
    /// there leaves no doubt about it. A read fails at once and is tried again, so that its
    /// error says why nobody answers.
    pub(crate) async fn call<R: Rpc>(
        &self,
        request: R,
        safety: Safety,
        deadline: Instant,
    ) -> Result<R::Answer, Error> {
        let mut call = Call {
            attempts: Attempts::new(self.settings.retries, safety, deadline),
            patience: match safety {
                Safety::Read => Patience::OneAttempt,
                Safety::RepeatableWrite | Safety::SingleWrite => Patience::Endless,
            },
            deadline,
            sent: false,
        };
        match timeout_at(deadline, self.run(&mut call, request)).await {
            Ok(done) => done,
            Err(_) => Err(self.timed_out(call)),
        }
    }

    async fn run<R: Rpc>(&self, call: &mut Call, request: R) -> Result<R::Answer, Error> {
        loop {
            let mut error = match self.attempt(call, request.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            call.sent = false;
            let Some(pause) = call.attempts.after_failure(&mut error, Instant::now()) else {
                return Err(error);
            };
            self.pause(pause, &error).await;
        }
    }

    async fn attempt<R: Rpc>(&self, call: &mut Call, request: R) -> Result<R::Answer, Error> {
        let lane = self.lane(call.patience).await?;
        let request = self.request(request, Some(call.deadline))?;
        call.sent = true;
        match R::send(self.client(lane), request).await {
            Ok(answer) => Ok(answer.into_inner()),
            Err(status) => Err(self.read_error(&status)),
        }
    }

    fn timed_out(&self, mut call: Call) -> Error {
        let mut error = self.out_of_time(call.sent);
        call.attempts.merge(&mut error);
        error
    }

    /// Returns the error of a call that its deadline ended. Where it was not sent because
    /// nobody answers there, the error says that.
    pub(crate) fn out_of_time(&self, sent: bool) -> Error {
        match self.link.failure() {
            Some(cause) if !sent => unreachable_error(cause, self.address()),
            _ => out_of_time(self.address(), (!sent).then_some(WriteOutcome::NotApplied)),
        }
    }

    /// Begins a list from where its request says.
    pub(crate) async fn list(
        &self,
        request: ListByPrefixRequest,
        deadline: Option<Instant>,
    ) -> Result<Streaming<ListByPrefixResponse>, Error> {
        let lane = self.lane(Patience::OneAttempt).await?;
        let request = self.request(request, deadline)?;
        match self.client(lane).list_by_prefix(request).await {
            Ok(stream) => Ok(stream.into_inner()),
            Err(status) => Err(self.read_error(&status)),
        }
    }

    /// Waits before another attempt; closing the store ends the wait.
    pub(crate) async fn pause(&self, time: Duration, error: &Error) {
        tracing::debug!(target: "pannier", code = %error.code(), pause = ?time, "another attempt follows");
        self.link.pause(time).await;
    }

    /// Returns the error that a status means.
    pub(crate) fn read_error(&self, status: &Status) -> Error {
        if self.link.is_closed() {
            return closed("the store was closed while the call ran", unsent(status));
        }
        read_error(status, self.address())
    }

    async fn lane(&self, patience: Patience) -> Result<Lane, Error> {
        self.link
            .lane(patience)
            .await
            .map_err(|reason| match reason {
                Unconnected::Closed => {
                    closed("the store is closed", Some(WriteOutcome::NotApplied))
                }
                Unconnected::Unreachable(cause) => unreachable_error(cause, self.address()),
            })
    }

    fn client(&self, lane: Lane) -> Client {
        Client::with_origin(lane, self.origin.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES)
    }

    /// Returns what is sent, unless the time is over already: a caller's own code may have
    /// taken it, and what is not sent leaves no doubt.
    fn request<M>(&self, message: M, deadline: Option<Instant>) -> Result<Request<M>, Error> {
        let mut request = Request::new(message);
        *request.metadata_mut() = MetadataMap::from_headers(self.settings.metadata.clone());
        if let Some(deadline) = deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.out_of_time(false));
            }
            request.set_timeout(left);
        }
        Ok(request)
    }
}

/// Returns the outcome of a call that was certainly not sent; `None` for any other.
fn unsent(status: &Status) -> Option<WriteOutcome> {
    let loss = Loss::of(status)?;
    loss.is_unsent().then_some(WriteOutcome::NotApplied)
}

fn closed(message: &str, outcome: Option<WriteOutcome>) -> Error {
    Error::StoreClosed(Failure::new(Code::Cancelled, message).with_outcome(outcome))
}

#[cfg(test)]
mod tests {
    use h2::Reason;
    use tonic::Status;

    use super::unsent;
    use crate::failure::WriteOutcome;
    use crate::transport::status_of_unopened;

    #[test]
    fn a_call_that_closing_kept_from_being_sent_leaves_no_doubt() {
        let unopened = status_of_unopened(Reason::CANCEL.into());
        assert_eq!(unsent(&unopened), Some(WriteOutcome::NotApplied));
        assert_eq!(unsent(&Status::unavailable("broken")), None);
    }
}
