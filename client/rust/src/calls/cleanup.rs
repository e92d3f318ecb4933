//! Removing expired records.

use std::sync::Arc;
use std::time::Duration;

use super::Running;
use super::options::timeout_option;
use crate::attempts::Safety;
use crate::connection::Connection;
use crate::errors::Error;
use crate::generated::CleanupExpiredRequest;
use crate::messages::read_cleanup;
use crate::records::Cleanup;

/// Removes expired records; from [`Store::cleanup_expired`](crate::Store::cleanup_expired).
#[must_use = "calls do nothing unless awaited"]
pub struct CleanupExpired {
    connection: Arc<Connection>,
    request: CleanupExpiredRequest,
    timeout: Option<Duration>,
}

impl CleanupExpired {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        CleanupExpired {
            connection,
            request: CleanupExpiredRequest::default(),
            timeout: None,
        }
    }

    /// Removes only one owner's records with this prefix, as in a list. Default: the whole
    /// store (on `DynamoDB` that removes nothing: the table's own TTL does it).
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.request.prefix = prefix.into();
        self
    }

    /// Sets the most records to remove. Default (0): 1,000. More than 10,000 is lowered to
    /// that.
    pub fn limit(mut self, limit: u32) -> Self {
        self.request.limit = limit;
        self
    }

    timeout_option!(timeout);

    async fn run(self) -> Result<Cleanup, Error> {
        let deadline = self.connection.deadline(self.timeout)?;
        let call = self.connection.call(self.request, Safety::Read, deadline);
        Ok(read_cleanup(call.await?))
    }
}

impl IntoFuture for CleanupExpired {
    type Output = Result<Cleanup, Error>;
    type IntoFuture = Running<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
